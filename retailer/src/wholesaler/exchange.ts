import { type Dispatcher, errors } from 'undici';
import { z } from 'zod';
import { WholesalerError } from './wholesaler-error.ts';

export interface ExchangeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  headers: Record<string, string>;
  body?: unknown;
  timeoutMs: number;
}

const maxAnswerBytes = 32 * 1024 * 1024;
const Problem = z.object({ code: z.string().optional(), detail: z.unknown() });

/** One request and its whole answer as JSON. Throws `WholesalerError` for everything but a 2xx with JSON. */
export async function exchange(dispatcher: Dispatcher, origin: string, request: ExchangeRequest): Promise<unknown> {
  const { status, headers, text } = await send(dispatcher, origin, request);
  const json = parseJson(text);
  if (status >= 200 && status < 300) {
    if (json === undefined) throw new WholesalerError('nonsense', `${status} without JSON`, { status });
    return json;
  }
  const problem = Problem.safeParse(json).data;
  throw new WholesalerError('refused', `the wholesaler answered ${status}`, {
    status,
    code: problem?.code,
    detail: problem?.detail,
    retryAfterSeconds: seconds(headers['retry-after']),
  });
}

interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

async function send(dispatcher: Dispatcher, origin: string, request: ExchangeRequest): Promise<RawAnswer> {
  const { method, path, body, timeoutMs } = request;
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(new DOMException(`${timeoutMs} ms are over`, 'TimeoutError')), timeoutMs);
  try {
    const answer = await dispatcher.request({
      origin,
      method,
      path,
      headers: { ...request.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: ending.signal,
    });
    return { status: answer.statusCode, headers: answer.headers, text: await readBounded(answer.body) };
  } catch (error) {
    if (error instanceof WholesalerError) throw error;
    const details = { cause: error };
    if (isTimeout(error)) throw new WholesalerError('timeout', `no answer within ${timeoutMs} ms`, details);
    throw new WholesalerError('unreachable', error instanceof Error ? error.message : String(error), details);
  } finally {
    clearTimeout(timer);
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new WholesalerError('nonsense', `an answer of over ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told apart from JSON by the caller
  }
}

const isTimeout = (error: unknown): boolean =>
  (error instanceof Error && error.name === 'TimeoutError') ||
  error instanceof errors.HeadersTimeoutError ||
  error instanceof errors.BodyTimeoutError;

function seconds(value: string | string[] | undefined): number | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return first !== undefined && /^\d{1,6}$/.test(first) ? Number(first) : undefined;
}
