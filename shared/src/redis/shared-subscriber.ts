import { errorFields, type Logger } from '../logging.ts';
import { connectBlockingRedis } from './client.ts';

type Listener = (message: string) => void;

const subscribeTimeoutMs = 5_000;

/** A process's one subscribed Redis connection: each channel is subscribed while somebody listens to it. */
export class SharedSubscriber implements AsyncDisposable {
  readonly #redis: ReturnType<typeof connectBlockingRedis>;
  readonly #logger: Logger;
  readonly #channels = new Map<string, Set<Listener>>();

  constructor(url: string, logger: Logger) {
    this.#logger = logger;
    this.#redis = connectBlockingRedis(url, logger);
    this.#redis.on('message', (channel: string, message: string) => {
      for (const listener of this.#channels.get(channel) ?? []) listener(message);
    });
  }

  /** Calls back each time the connection is there again after a loss: messages may have been missed. */
  onReconnected(callback: () => void): void {
    let lost = false;
    this.#redis.on('close', () => {
      lost = true;
    });
    this.#redis.on('ready', () => {
      if (lost) callback();
      lost = false;
    });
  }

  /** Resolves once messages arrive; rejects when Redis does not confirm within 5 s. */
  async subscribe(channel: string, listener: Listener): Promise<() => void> {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(listener));
    const end = () => this.#end(channel, listeners, listener);
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => timeout.reject(new Error('Redis did not confirm a subscription')),
      subscribeTimeoutMs,
    );
    try {
      await Promise.race([this.#redis.subscribe(channel), timeout.promise]);
      return end;
    } catch (error) {
      end();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Rejects unless Redis answers; asks nothing while it is away, so that questions do not pile up. */
  async check(): Promise<void> {
    if (this.#redis.status !== 'ready') throw new Error(`is ${this.#redis.status}`);
    await this.#redis.ping();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
  }

  #end(channel: string, listeners: Set<Listener>, listener: Listener): void {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    if (this.#channels.get(channel) === listeners) this.#channels.delete(channel);
    this.#redis.unsubscribe(channel).catch((error: unknown) => {
      this.#logger.debug(errorFields(error), 'unsubscribe failed');
    });
  }
}
