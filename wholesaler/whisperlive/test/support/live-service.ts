import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { streams } from '@vexa/shared/contracts/redis-names';
import { StreamMessage } from '@vexa/shared/contracts/stream-messages';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { Redis } from 'ioredis';
import WebSocket from 'ws';
import { configFromEnv } from '../../src/config.ts';
import { createService } from '../../src/service.ts';
import { readWav } from '../../src/wav.ts';

const secret = 'a-secret-for-tests-only-0123456789';
export const meetingId = 7;
const frameSamples = 2048;

export interface ClientFrame {
  status?: string;
  message?: unknown;
  language?: string;
  segments?: { segment_id: string; start: number; end: number; text: string; completed: boolean }[];
}

export interface Client {
  socket: WebSocket;
  frames: ClientFrame[];
}

/** The service as it is deployed, with a Redis and a model of its own. */
export interface LiveService extends AsyncDisposable {
  redis: LocalRedis;
  reader: Redis;
  url: string;
  token: string;
  /** Another one on the same Redis. */
  createService: (more?: Record<string, string>) => ReturnType<typeof createService>;
  connect: (uid: string, more?: Record<string, unknown>, to?: string) => Promise<Client>;
  /** What Redis holds of a session, in order. */
  published: (uid: string) => Promise<StreamMessage[]>;
}

export async function startLiveService(more: Record<string, string> = {}): Promise<LiveService> {
  const redis = await startRedis();
  const reader = new Redis(redis.url);
  reader.on('error', () => {}); // killed on purpose in some tests
  const env = { PORT: '0', HEALTH_PORT: '0', HOST: '127.0.0.1', REDIS_URL: redis.url, SESSION_TOKEN_SECRET: secret };
  const create: LiveService['createService'] = (others = {}) =>
    createService(configFromEnv({ ...process.env, ...env, LOG_LEVEL: 'silent', ...more, ...others }), {
      logger: createLogger('whisperlive', 'silent'),
    });
  const service = create();
  const url = (await service.start()).audio ?? '';
  const token = await signSessionToken(secret, { meeting_id: meetingId, user_id: 1, connection_id: 'c' });
  return {
    ...{ redis, reader, url, token, createService: create },
    connect: (uid, fields = {}, to = url) => connect(to, { uid, token, ...fields }),
    published: async (uid) => {
      const entries = await reader.xrange(streams.segments, '-', '+');
      return entries
        .map(([, fields]) => StreamMessage.parse(JSON.parse(fields[1] ?? '')))
        .filter((message) => message.uid === uid);
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      reader.disconnect();
      await redis[Symbol.asyncDispose]();
    },
  };
}

/** As a bot does, comes back when the service has no room at the moment. */
async function connect(url: string, more: Record<string, unknown>): Promise<Client> {
  for (;;) {
    const socket = new WebSocket(url);
    const frames: ClientFrame[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(String(data)) as ClientFrame));
    await once(socket, 'open');
    socket.send(JSON.stringify({ platform: 'local', meeting_id: meetingId, speaker: 'John', ...more }));
    const answer = await waitFor(
      'the server to be ready',
      () => frames.find(({ message, status }) => message === 'SERVER_READY' || status === 'WAIT'),
      { deadlineMs: 60_000 },
    );
    if (answer.status !== 'WAIT') return { socket, frames };
  }
}

export const voice = async (file: string): Promise<Float32Array> =>
  readWav(await readFile(fileURLToPath(import.meta.resolve(`@vexa/shared/testing/voices/${file}`))));

/** Sends audio at `speed` times the pace at which it was spoken, by the clock: a late frame is made up for. */
export async function speak(socket: WebSocket, audio: Float32Array, speed = 4): Promise<void> {
  const startedAt = performance.now();
  for (let at = 0; at < audio.length; at += frameSamples) {
    socket.send(Buffer.from(audio.slice(at, at + frameSamples).buffer));
    const dueMs = startedAt + (at + frameSamples) / 16 / speed - performance.now();
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
  }
}

export async function endOfAudio(socket: WebSocket): Promise<number> {
  const closed = once(socket, 'close');
  socket.send('END_OF_AUDIO');
  return Number((await closed)[0]);
}

export const finalTexts = (messages: StreamMessage[]): string[] =>
  messages.flatMap((m) => (m.type === 'transcription' ? m.segments.filter((s) => s.completed).map((s) => s.text) : []));

export const finalText = (messages: StreamMessage[]): string => finalTexts(messages).join(' ');
