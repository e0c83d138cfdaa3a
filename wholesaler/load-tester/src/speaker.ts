import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { AudioServerFrame, endOfAudio } from '@vexa/shared/contracts/audio';
import WebSocket from 'ws';
import type { Shown, ShownSegment } from './heard.ts';

const sampleRate = 16_000;
/** As the bot sends them: an eighth of a second. */
const frameSamples = 2_048;
const openDeadlineMs = 120_000;
const closeDeadlineMs = 20_000;

/** A server that is full says so and hangs up. */
export class RefusedError extends Error {
  override name = 'RefusedError';
}

const askAgainMs = 1_000;
const patienceMs = 30_000;

/** One audio connection, as a bot has it for each participant; also understood by WhisperLive. */
export class Speaker implements Disposable {
  readonly #socket: WebSocket;
  readonly #received: { atMs: number; segments: ShownSegment[] }[] = [];
  readonly #ready = Promise.withResolvers<void>();
  #closeCode: number | undefined;

  private constructor(url: string) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on('message', (data) => this.#receive(String(data)));
    this.#socket.on('error', (error) => this.#ready.reject(error));
    this.#socket.on('close', (code) => {
      this.#closeCode = code;
      this.#ready.reject(new Error(`the server hung up with ${code}`));
    });
    this.#ready.promise.catch(() => undefined); // seen by `connect`; later errors end in `close`
  }

  /** Asks a full server again for a while, because what it measured of those before takes time to fade. */
  static async connect(url: string, config: Record<string, unknown>): Promise<Speaker> {
    const until = performance.now() + patienceMs;
    for (;;) {
      try {
        return await Speaker.#connectOnce(url, config);
      } catch (error) {
        if (!(error instanceof RefusedError) || performance.now() > until) throw error;
        await delay(askAgainMs);
      }
    }
  }

  /** Resolves when the server is ready for audio; rejects with what it says instead. */
  static async #connectOnce(url: string, config: Record<string, unknown>): Promise<Speaker> {
    const speaker = new Speaker(url);
    await once(speaker.#socket, 'open');
    speaker.#socket.send(JSON.stringify(config));
    const deadline = setTimeout(
      () => speaker.#ready.reject(new Error(`no answer in ${openDeadlineMs} ms`)),
      openDeadlineMs,
    );
    await speaker.#ready.promise.finally(() => clearTimeout(deadline));
    return speaker;
  }

  /** The code with which the connection ended; undefined while it is open. */
  get closeCode(): number | undefined {
    return this.#closeCode;
  }

  /** What was shown so far, and when by the clock of `performance.now()`. */
  get received(): readonly { atMs: number; segments: readonly ShownSegment[] }[] {
    return this.#received;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(samples: Float32Array): void {
    this.#socket.send(Buffer.from(samples.slice().buffer));
  }

  /** Sends each frame at the moment when it has been spoken, and gives what was shown, by that clock. */
  async speak(audio: Float32Array): Promise<Shown[]> {
    const startMs = performance.now();
    this.#received.length = 0;
    for (let at = 0; at < audio.length; at += frameSamples) {
      const frame = audio.slice(at, at + frameSamples);
      const spokenMs = startMs + ((at + frame.length) / sampleRate) * 1000;
      const early = spokenMs - performance.now();
      if (early > 0) await delay(early);
      this.send(frame);
    }
    await this.finish();
    return this.#received.map(({ atMs, segments }) => ({ at: (atMs - startMs) / 1000, segments }));
  }

  /** Says that no more audio follows and waits until the server has hung up. */
  async finish(deadlineMs = closeDeadlineMs): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.send(Buffer.from(endOfAudio));
    const deadline = setTimeout(() => this.#socket.terminate(), deadlineMs);
    await closed;
    clearTimeout(deadline);
  }

  /** The latest state of every segment so far, in order. */
  get transcript(): ShownSegment[] {
    const segments = new Map<string, ShownSegment>();
    for (const shown of this.#received) {
      for (const segment of shown.segments) segments.set(segment.segment_id ?? String(segment.start), segment);
    }
    return [...segments.values()].sort((a, b) => a.start - b.start);
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #receive(data: string): void {
    const frame = AudioServerFrame.parse(JSON.parse(data));
    if ('segments' in frame) this.#received.push({ atMs: performance.now(), segments: frame.segments });
    else if ('backend' in frame) this.#ready.resolve();
    else if ('status' in frame) this.#ready.reject(refusal(frame));
  }
}

const refusal = ({ status, message }: { status: string; message: string | number }): Error =>
  status === 'WAIT' ? new RefusedError(`full, for ${message} min`) : new Error(`${status}: ${message}`);
