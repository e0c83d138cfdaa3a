import { type BotCallback, BotCallbackReply } from '@vexa/shared/contracts/bot';
import { errorFields, type Logger } from '@vexa/shared/logging';
import pRetry, { AbortError } from 'p-retry';
import { type Dispatcher, request } from 'undici';

export type Report = Omit<BotCallback, 'connection_id' | 'container_id' | 'timestamp'>;

interface Options {
  url: string;
  token: string;
  /** Name the request that asked for the bot. */
  traceHeaders?: Record<string, string>;
  connectionId: string;
  containerId: string | undefined;
  heartbeatMs: number;
  logger: Logger;
  /** What a heartbeat carries besides its status. */
  heartbeat: () => Partial<Report>;
  onLeave: () => void;
  /** The manager does not know this run: nobody wants the bot. */
  onDisowned: () => void;
  /** How long the last report is tried. */
  finalDeadlineMs?: number;
}

const requestTimeoutMs = 10_000;
const finalDeadlineMsDefault = 5 * 60_000;
const unknownRun = new Set([401, 403, 404, 410]);
const worthRetrying = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429;

/** Tells the manager where the bot is: in order, each report until it is accepted or the run is over. */
export class CallbackReporter {
  readonly #options: Options;
  readonly #giveUp = new AbortController();
  readonly #heartbeatTimer: NodeJS.Timeout;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#heartbeatTimer = setInterval(() => this.#beat(), options.heartbeatMs);
  }

  report(report: Report): void {
    const { connectionId, containerId } = this.#options;
    const callback: BotCallback = {
      connection_id: connectionId,
      ...(containerId === undefined ? {} : { container_id: containerId }),
      ...report,
      timestamp: new Date().toISOString(),
    };
    this.#waiting += 1;
    this.#tail = this.#tail.then(async () => {
      await this.#deliver(callback);
      this.#waiting -= 1;
    });
  }

  /** The last report; resolves when it and all before it are delivered, or given up after five minutes. */
  async finish(report: Report): Promise<void> {
    clearInterval(this.#heartbeatTimer);
    this.report(report);
    const deadlineMs = this.#options.finalDeadlineMs ?? finalDeadlineMsDefault;
    const timer = setTimeout(() => this.#giveUp.abort(new Error('The run is over.')), deadlineMs);
    await this.#tail;
    clearTimeout(timer);
  }

  /** Nothing that still waits is delivered. */
  stop(): void {
    clearInterval(this.#heartbeatTimer);
    this.#giveUp.abort(new Error('The run is over.'));
  }

  /** Only one waits at a time: when the manager is away, old signs of life are worth nothing. */
  #beat(): void {
    if (this.#waiting === 0) this.report({ status: 'heartbeat', ...this.#options.heartbeat() });
  }

  async #deliver(callback: BotCallback): Promise<void> {
    try {
      const reply = await pRetry(() => this.#post(callback), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 500,
        maxTimeout: 5_000,
        randomize: true,
        signal: this.#giveUp.signal,
      });
      if (reply.command === 'leave') this.#options.onLeave();
    } catch (error) {
      this.#options.logger.warn({ status: callback.status, ...errorFields(error) }, 'a report was not accepted');
    }
  }

  async #post(callback: BotCallback): Promise<BotCallbackReply> {
    const { url, token, traceHeaders } = this.#options;
    const response = await request(url, {
      method: 'POST',
      headers: { ...traceHeaders, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(callback),
      signal: AbortSignal.any([this.#giveUp.signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
    if (response.statusCode < 300) return BotCallbackReply.parse(await response.body.json());
    await response.body.dump();
    throw this.#refusal(response);
  }

  #refusal({ statusCode }: Dispatcher.ResponseData): Error {
    const error = new Error(`The manager answered ${statusCode}.`);
    if (worthRetrying(statusCode)) return error;
    if (unknownRun.has(statusCode)) this.#options.onDisowned();
    return new AbortError(error);
  }
}
