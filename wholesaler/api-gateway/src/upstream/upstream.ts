import type { Writable } from 'node:stream';
import { ServiceError } from '@vexa/shared/errors';
import { type Dispatcher, Pool } from 'undici';

type Request = Omit<Dispatcher.RequestOptions, 'origin'>;
export type Headers = Dispatcher.ResponseData['headers'];

/** A service behind the gateway. */
export interface Upstream extends AsyncDisposable {
  /** Rejects with `unavailable`, `gateway_timeout` or `bad_gateway` when the service fails to answer. */
  request(options: Request): Promise<Dispatcher.ResponseData>;
  /**
   * Hands the answer's body on, as it comes, to the stream that `onAnswer` gives for its status and headers. Resolves
   * with the last byte; rejects as `request` does, also after `onAnswer` when the answer breaks off or the stream closes.
   */
  stream(options: Request, onAnswer: (answer: { statusCode: number; headers: Headers }) => Writable): Promise<void>;
  /** Rejects unless the service's process answers. */
  check(): Promise<void>;
}

const maxWaiting = 1_000;
const connectTimeoutMs = 2_000;

export function connectUpstream(name: string, url: string, timeoutMs: number, { maxConnections = 256 } = {}): Upstream {
  const { origin, pathname } = new URL(url);
  const base = pathname.replace(/\/$/, '');
  const pool = new Pool(origin, {
    connections: maxConnections,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const requireRoom = () => {
    if (pool.stats.queued >= maxWaiting) throw unavailable(name, undefined);
  };
  const attempt = async <T>(options: Request, send: () => Promise<T>, isAnswered = () => false): Promise<T> => {
    try {
      requireRoom();
      return await send();
    } catch (error) {
      // The service may have closed an idle connection at the very moment it was used.
      if (isAnswered() || !isLostConnection(error) || !isRepeatable(options)) throw upstreamError(name, error);
    }
    try {
      return await send();
    } catch (error) {
      throw upstreamError(name, error);
    }
  };
  return {
    request: (options) => attempt(options, () => pool.request({ ...options, path: base + options.path })),
    async stream(options, onAnswer) {
      let answered = false;
      const send = () =>
        pool.stream({ ...options, path: base + options.path }, ({ statusCode, headers }) => {
          answered = true;
          return onAnswer({ statusCode, headers });
        });
      await attempt(options, send, () => answered);
    },
    async check() {
      requireRoom();
      const { statusCode, body } = await pool.request({ method: 'GET', path: `${base}/health/live` });
      await body.dump();
      if (statusCode !== 200) throw new Error(`answers ${statusCode}`);
    },
    // Requests under way were drained by the HTTP server before; what is left now nobody waits for.
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

const lost = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
const away = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const late = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
const isLostConnection = (error: unknown): boolean => lost.has(codeOf(error));

const isRepeatable = ({ method, idempotent }: Request): boolean =>
  idempotent ?? (method === 'GET' || method === 'HEAD');

const unavailable = (name: string, cause: unknown) =>
  new ServiceError('unavailable', `The ${name} is away; try again soon.`, { retryAfterSeconds: 2, cause });

/** What a failed call means for the caller; anything that is not the upstream's failure stays what it is. */
function upstreamError(name: string, error: unknown): unknown {
  const code = codeOf(error);
  if (lost.has(code) || away.has(code)) return unavailable(name, error);
  if (late.has(code)) {
    return new ServiceError('gateway_timeout', `The ${name} did not answer in time.`, { cause: error });
  }
  if (error instanceof Error && error.name === 'HTTPParserError') {
    return new ServiceError('bad_gateway', `The ${name} answered something that is not HTTP.`, { cause: error });
  }
  return error;
}
