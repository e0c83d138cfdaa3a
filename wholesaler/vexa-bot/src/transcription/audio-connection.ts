import {
  type AudioConfig,
  type AudioControl,
  AudioServerFrame,
  audioSampleRate,
  endOfAudio,
} from '@vexa/shared/contracts/audio';
import { WebSocket } from 'ws';

export interface ConnectionEvents {
  /** The server takes audio from now on. */
  onReady: () => void;
  /** Something was transcribed for good up to this second of this connection's audio. */
  onFinal: (endSeconds: number) => void;
  /** There is room for more audio. */
  onDrain: () => void;
  /** Told exactly once. `finished`: all audio was taken in and the server said goodbye. */
  onClosed: (how: { finished: boolean; reason: string }) => void;
}

const handshakeTimeoutMs = 5_000;
const readyTimeoutMs = 20_000;
/** Whisperlive sends a ping every 10 s, also while it takes no audio: one that says nothing so long hangs, or cannot be reached. */
const silentMsDefault = 25_000;
/** 16 s of audio; a server that does not keep up is waited for, and the caller's ring is what is kept meanwhile. */
const maxBufferedBytes = 16 * audioSampleRate * Float32Array.BYTES_PER_ELEMENT;
const maxFrameBytes = 1_048_576;
/** RFC 6455's service restart: whisperlive stops, and another replica goes on. */
const handedOver = 1012;

/** One connection to the transcription service: one session, one speaker, one uid. */
export class AudioConnection {
  readonly #socket: WebSocket;
  readonly #config: AudioConfig;
  readonly #events: ConnectionEvents;
  readonly #readyTimer: NodeJS.Timeout;
  /** Set by the first ping: what never sends one is not expected to. */
  #silentTimer: NodeJS.Timeout | undefined;
  #ready = false;
  #endSent = false;
  #reason: string | undefined;
  #goodbye = false;

  constructor(url: string, config: AudioConfig, events: ConnectionEvents, silentMs = silentMsDefault) {
    this.#config = config;
    this.#events = events;
    this.#socket = new WebSocket(url, {
      handshakeTimeout: handshakeTimeoutMs,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
    });
    this.#readyTimer = setTimeout(() => this.abandon('the server did not get ready'), readyTimeoutMs);
    this.#socket.on('open', () => this.#socket.send(JSON.stringify(config)));
    this.#socket.on('ping', () => {
      this.#silentTimer ??= setTimeout(() => this.abandon('the server is not heard of any more'), silentMs);
      this.#silentTimer.refresh();
    });
    this.#socket.on('message', (data, binary) => {
      this.#silentTimer?.refresh();
      if (!binary) this.#receive(String(data));
    });
    this.#socket.on('error', (error) => {
      this.#reason ??= error.message;
    });
    this.#socket.on('close', (code) => this.#closed(code));
  }

  get uid(): string {
    return this.#config.uid;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Whether audio can be sent now. */
  get writable(): boolean {
    const { readyState, bufferedAmount } = this.#socket;
    return this.#ready && !this.#endSent && readyState === WebSocket.OPEN && bufferedAmount < maxBufferedBytes;
  }

  /** Audio that was handed over but has not left this process. */
  get bufferedSamples(): number {
    return Math.round(this.#socket.bufferedAmount / Float32Array.BYTES_PER_ELEMENT);
  }

  sendAudio(samples: Int16Array): void {
    const frame = new Float32Array(samples.length);
    for (let index = 0; index < samples.length; index += 1) frame[index] = (samples[index] ?? 0) / 32_768;
    this.#socket.send(frame, (error) => {
      if (!error) this.#events.onDrain();
    });
  }

  sendControl(control: AudioControl): void {
    if (this.#ready && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(control));
  }

  /** No more audio follows; the server finishes its work and closes. */
  end(): void {
    if (this.#endSent || !this.#ready) return;
    this.#endSent = true;
    this.#socket.send(Buffer.from(endOfAudio));
  }

  abandon(reason: string): void {
    this.#reason ??= reason;
    this.#socket.terminate();
  }

  #receive(text: string): void {
    const frame = parseFrame(text);
    if (!frame) return;
    if ('segments' in frame) {
      const finals = frame.segments.filter(({ completed }) => completed);
      if (finals.length > 0) this.#events.onFinal(Math.max(...finals.map(({ end }) => end)));
    } else if ('status' in frame) {
      this.#reason = frame.status === 'WAIT' ? 'the server is full' : `the server refused: ${frame.message}`;
    } else if ('message' in frame) {
      if (frame.message === 'DISCONNECT') this.#goodbye = true;
      else this.#becomeReady();
    }
  }

  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    clearTimeout(this.#readyTimer);
    this.#events.onReady();
  }

  #closed(code: number): void {
    clearTimeout(this.#readyTimer);
    clearTimeout(this.#silentTimer);
    const orderly = this.#goodbye || code === 1000 || code === 1005;
    this.#events.onClosed({
      finished: this.#endSent && orderly,
      reason: this.#reason ?? (code === handedOver ? 'the server hands it over' : `the connection closed (${code})`),
    });
  }
}

function parseFrame(text: string): AudioServerFrame | undefined {
  try {
    return AudioServerFrame.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
