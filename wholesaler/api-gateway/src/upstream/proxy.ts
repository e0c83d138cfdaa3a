import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { traceHeaders } from '@vexa/shared/request-context';
import type { Context, HonoRequest } from 'hono';
import type { Dispatcher } from 'undici';
import type { GatewayVariables } from '../routes/require-key.ts';
import type { Headers, Upstream } from './upstream.ts';

type GatewayContext = Context<{ Variables: GatewayVariables }>;
/** What the HTTP server gives every request beside its standard form. */
interface Connection {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
}

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
/**
 * Hands a request on to a service and its answer back, both as streams. `headers` are added to the request. The answer
 * goes straight to the caller's connection; what is returned only says so, with its status, once the headers are out.
 */
export async function proxy(c: GatewayContext, upstream: Upstream, headers: Record<string, string>): Promise<Response> {
  const { incoming, outgoing } = c.env as Connection;
  // Whoever left while their key was looked up is not told of any more, since their connection has closed before.
  if (outgoing.destroyed) return alreadySent(clientClosedRequest);
  const begun = Promise.withResolvers<Response>();
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  upstream
    .stream(
      {
        method: incoming.method as Dispatcher.HttpMethod,
        path: pathAndQuery(c.req.url),
        headers: { ...pick(incoming.headers), ...traceHeaders(), ...headers },
        body: requestBody(c.req),
        signal: gone.signal,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode, { ...returned(answer.headers), ...own(c) });
        // The first event may be long in coming, and a client wants to know that it is connected.
        if (String(answer.headers['content-type']).startsWith('text/event-stream')) outgoing.flushHeaders();
        begun.resolve(alreadySent(answer.statusCode));
        return outgoing;
      },
    )
    .catch((error: unknown) => {
      // Once the headers are out, a broken answer shows in its connection, which is closed by now.
      if (gone.signal.aborted) begun.resolve(alreadySent(clientClosedRequest));
      else begun.reject(error);
    });
  return begun.promise;
}

/** Nobody is there to read an answer; the status is only logged and counted. */
const clientClosedRequest = 499;

function alreadySent(status: number): Response {
  const response = new Response(null, { status, headers: { 'x-hono-already-sent': 'true' } });
  // The server writes plain answers without a look at their headers; one whose body was touched is not plain.
  void response.body;
  return response;
}

function own(c: GatewayContext): Record<string, string> {
  return { ...Object.fromEntries(c.res.headers), 'x-request-id': c.get('requestId') };
}

/** Exactly what the router matched: parsing the URL again could resolve dots and reach another route. */
const pathAndQuery = (url: string): string => url.slice(url.indexOf('/', url.indexOf('//') + 2));

function pick(headers: IncomingHttpHeaders): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of forwarded) {
    const value = headers[name];
    if (typeof value === 'string') picked[name] = value;
  }
  return picked;
}

function returned(headers: Headers): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !notReturned.has(name)) kept[name] = value;
  }
  return kept;
}

function requestBody({ raw, method }: HonoRequest): Readable | null {
  if (method === 'GET' || method === 'HEAD') return null;
  const hasBody = Number(raw.headers.get('content-length')) > 0 || raw.headers.has('transfer-encoding');
  return hasBody && raw.body ? Readable.fromWeb(raw.body as NodeReadableStream) : null;
}
