import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { traceHeaders } from '@vexa/shared/request-context';
import type { Context } from 'hono';
import type { Dispatcher } from 'undici';
import type { Upstream } from './upstream.ts';

/**
 * What goes on to a service, and nothing else: never the caller's key, hop-by-hop headers, `x-forwarded-*` or an
 * identity the caller made up.
 */
const forwarded = [
  'accept',
  'accept-language',
  'content-length',
  'content-type',
  'idempotency-key',
  'if-none-match',
  'last-event-id',
  'user-agent',
  'x-service-layer-id',
];
/** Headers of one connection, and those the gateway sets itself. */
const notReturned = new Set([
  'connection',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);
const withoutBody = new Set([204, 205, 304]);

/** Hands a request on to a service and its answer back, both as streams. `headers` are added to the request. */
export async function proxy(c: Context, upstream: Upstream, headers: Record<string, string>): Promise<Response> {
  const { raw } = c.req;
  try {
    const answer = await upstream.request({
      method: raw.method as Dispatcher.HttpMethod,
      path: pathAndQuery(raw.url),
      headers: { ...pick(raw.headers), ...traceHeaders(), ...headers },
      body: requestBody(raw),
      signal: raw.signal,
    });
    return await toResponse(raw.method, answer);
  } catch (error) {
    if (raw.signal.aborted) return new Response(null, { status: 499 }); // nobody is there to read it
    throw error;
  }
}

/** Exactly what the router matched: parsing the URL again could resolve dots and reach another route. */
const pathAndQuery = (url: string): string => url.slice(url.indexOf('/', url.indexOf('//') + 2));

function pick(headers: Headers): Record<string, string> {
  const entries = forwarded.map((name) => [name, headers.get(name)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

function requestBody(request: Request): Readable | null {
  const hasBody = Number(request.headers.get('content-length')) > 0 || request.headers.has('transfer-encoding');
  return hasBody && request.body ? Readable.fromWeb(request.body as NodeReadableStream) : null;
}

async function toResponse(method: string, answer: Dispatcher.ResponseData): Promise<Response> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || notReturned.has(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  const init = { status: answer.statusCode, headers };
  if (method === 'HEAD' || withoutBody.has(answer.statusCode)) {
    await answer.body.dump();
    return new Response(null, init);
  }
  return new Response(Readable.toWeb(answer.body) as ReadableStream, init);
}
