import { type LiveFrame as Frame, LiveFrame, type MeetingRef } from '@vexa/shared/contracts/live-frames';
import { errorFields, type Logger } from '@vexa/shared/logging';
import WebSocket from 'ws';
import type { SystemKeys } from '../wholesaler/system-keys.ts';

export interface UpstreamSocketOptions {
  url: string;
  keys: SystemKeys;
  headers: Record<string, string>;
  logger: Logger;
  onOpen(): void;
  onFrame(frame: Frame): void;
  onLost(): void;
}

const firstRetryMs = 500;
const longestRetryMs = 10_000;
const handshakeTimeoutMs = 5_000;
const pingEveryMs = 15_000;
const maxFrameBytes = 4 * 1024 * 1024;
/** How the wholesaler closes a socket whose key it does not know, or knows no more. */
const keyRefusedCode = 4401;
/** Meetings of one subscribe request, by the protocol. */
const meetingsPerRequest = 100;

/** The one socket to the wholesaler's `/ws`: opened when first wanted, and again whenever it breaks. */
export class UpstreamSocket implements AsyncDisposable {
  readonly #options: UpstreamSocketOptions;
  #socket: WebSocket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #stopped = false;

  constructor(options: UpstreamSocketOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Safe to call again. */
  open(): void {
    if (this.#socket || this.#retry || this.#stopped) return;
    const { url, keys, headers, onOpen, onLost, logger } = this.#options;
    const [key = ''] = keys.inOrder();
    const socket = new WebSocket(url, {
      headers: { ...headers, 'x-api-key': key },
      handshakeTimeout: handshakeTimeoutMs,
      maxPayload: maxFrameBytes,
    });
    this.#socket = socket;
    const pings = setInterval(() => this.#ping(socket), pingEveryMs);
    socket.on('open', () => {
      this.#retryMs = firstRetryMs;
      logger.info('live socket to the wholesaler is open');
      onOpen();
    });
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('error', (error) => logger.warn({ reason: errorFields(error).err.message }, 'live socket failed'));
    socket.on('close', (code) => {
      clearInterval(pings);
      if (code === keyRefusedCode) keys.refused(key);
      this.#socket = undefined;
      onLost();
      this.#openLater();
    });
  }

  subscribe(meetings: MeetingRef[]): void {
    this.#send('subscribe', meetings);
  }

  unsubscribe(meetings: MeetingRef[]): void {
    this.#send('unsubscribe', meetings);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    if (!socket) return;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.terminate();
    await closed;
  }

  #send(action: 'subscribe' | 'unsubscribe', meetings: MeetingRef[]): void {
    if (!this.isOpen) return; // everything wanted is subscribed once it opens
    for (let at = 0; at < meetings.length; at += meetingsPerRequest) {
      this.#socket?.send(JSON.stringify({ action, meetings: meetings.slice(at, at + meetingsPerRequest) }));
    }
  }

  /** A peer that vanished without a word is noticed by the pong that does not come. */
  #ping(socket: WebSocket): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    const cut = setTimeout(() => socket.terminate(), pingEveryMs / 2);
    const clear = () => {
      clearTimeout(cut);
      socket.off('pong', clear).off('close', clear);
    };
    socket.on('pong', clear).on('close', clear);
    socket.ping();
  }

  #openLater(): void {
    if (this.#stopped) return;
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.open();
      },
      this.#retryMs * (0.75 + Math.random() / 2),
    );
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
  }

  #receive(text: string): void {
    const parsed = parseFrame(text);
    if (parsed) this.#options.onFrame(parsed);
    else this.#options.logger.warn('the wholesaler sent a frame that cannot be read');
  }
}

function parseFrame(text: string): Frame | undefined {
  try {
    return LiveFrame.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // the caller says so, without quoting it
  }
}
