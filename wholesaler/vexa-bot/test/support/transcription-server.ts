import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AudioConfig, type AudioControl, endOfAudio } from '@vexa/shared/contracts/audio';
import { type WebSocket, WebSocketServer } from 'ws';

export interface HeardSession {
  config: AudioConfig;
  controls: AudioControl[];
  /** All audio so far. */
  audio(): Float32Array;
  seconds(): number;
  ended: boolean;
  open: boolean;
  /** Tells the bot that everything up to here is final; resolves when it has heard so. */
  confirm(endSeconds: number): Promise<unknown>;
  /** Reads nothing more until it is resumed. */
  pause(): void;
  resume(): void;
  /** Breaks the connection without a goodbye. */
  cut(): void;
  /** Ends the connection as a whisperlive does that stops: what comes afterwards is not heard. */
  handOver(): void;
}

type Welcome = 'ready' | 'wait' | 'error' | 'drop';

export interface TranscriptionServer extends AsyncDisposable {
  url: string;
  sessions: HeardSession[];
  of(speaker: string): HeardSession[];
  /** How the next connections are met; the last one stays in force. */
  welcome(...answers: Welcome[]): void;
  attempts(): number;
}

/** Takes audio as whisperlive does, and keeps it instead of transcribing it. */
export async function startTranscriptionServer(): Promise<TranscriptionServer> {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  const sessions: HeardSession[] = [];
  let answers: Welcome[] = ['ready'];
  let attempts = 0;
  server.on('connection', (socket) => {
    attempts += 1;
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 'ready';
    if (answer === 'drop') return socket.terminate();
    socket.once('message', (data) => {
      const config = AudioConfig.parse(JSON.parse(String(data)));
      if (answer === 'wait') return refuse(socket, { uid: config.uid, status: 'WAIT', message: 1 });
      if (answer === 'error') return refuse(socket, { uid: config.uid, status: 'ERROR', message: 'No.' });
      sessions.push(takeSession(socket, config));
      socket.send(JSON.stringify({ uid: config.uid, message: 'SERVER_READY', backend: 'test' }));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    sessions,
    of: (speaker) => sessions.filter(({ config }) => config.speaker === speaker),
    welcome: (...next) => {
      answers = next;
    },
    attempts: () => attempts,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function refuse(socket: WebSocket, frame: unknown): void {
  socket.send(JSON.stringify(frame));
  socket.close();
}

function takeSession(socket: WebSocket, config: AudioConfig): HeardSession {
  const frames: Float32Array[] = [];
  const session: HeardSession = {
    config,
    controls: [],
    audio: () => Float32Array.from(frames.flatMap((frame) => [...frame])),
    seconds: () => frames.reduce((sum, frame) => sum + frame.length, 0) / 16_000,
    ended: false,
    open: true,
    confirm: (end) => {
      const segments = [{ segment_id: `${config.uid}:0`, start: 0, end, text: 'words', completed: true }];
      socket.send(JSON.stringify({ uid: config.uid, segments }));
      const heard = once(socket, 'pong');
      socket.ping();
      return heard;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    cut: () => socket.terminate(),
    handOver: () => {
      socket.removeAllListeners('message');
      socket.close(1012);
    },
  };
  socket.on('close', () => {
    session.open = false;
  });
  socket.on('message', (data: Buffer, binary) => {
    if (!binary) return session.controls.push(JSON.parse(String(data)));
    if (String(data) === endOfAudio) {
      session.ended = true;
      socket.send(JSON.stringify({ uid: config.uid, message: 'DISCONNECT' }));
      return socket.close();
    }
    return frames.push(new Float32Array(Uint8Array.from(data).buffer));
  });
  return session;
}
