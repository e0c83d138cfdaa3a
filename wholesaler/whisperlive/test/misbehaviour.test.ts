import { once } from 'node:events';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Client,
  endOfAudio,
  finalText,
  type LiveService,
  speak,
  startLiveService,
  voice,
} from './support/live-service.ts';

const sentence = 'the child almost hurt the small dog';

let live: LiveService;
let speech: Float32Array;

beforeAll(async () => {
  live = await startLiveService();
  speech = await voice('sb-spk1_snt1.wav');
}, 180_000);

afterAll(() => live?.[Symbol.asyncDispose](), 60_000);

const bytes = (samples: Float32Array) => Buffer.from(samples.slice().buffer);
const rawSocket = ({ socket }: Client) => (socket as unknown as { _socket: import('node:net').Socket })._socket;

/** What a client can do wrong while others speak. Each ends its own connection, or leaves that to the server. */
const misdeeds: [string, (client: Client) => Promise<void>][] = [
  [
    'is killed in the middle of a frame',
    async (client) => {
      await speak(client.socket, speech.subarray(0, 20_000));
      // The header of a frame of 60 kB, a little of it, and then nothing more.
      rawSocket(client).write(Buffer.from([0x82, 0xfe, 0xea, 0x60, 1, 2, 3, 4, 5, 6]));
      rawSocket(client).destroy();
    },
  ],
  [
    'floods with audio far faster than anybody speaks',
    async ({ socket }) => {
      // Most of it is silence, which costs the service less to catch up with and fills its buffers as well.
      for (let i = 0; i < 60; i += 1) socket.send(i % 10 === 0 ? bytes(speech) : Buffer.alloc(speech.byteLength));
      await waitFor('the flood to be held back', () => socket.bufferedAmount > 0);
      socket.terminate();
    },
  ],
  [
    'sends garbage in every form',
    async ({ socket }) => {
      const closed = once(socket, 'close');
      const garbage = [Buffer.from([1, 2, 3]), '{', '[]', 'null', '{"type":"reconfigure"}', Buffer.alloc(7, 255)];
      for (let i = 0; i < 20; i += 1) socket.send(garbage[i % garbage.length] ?? '');
      expect((await closed)[0]).toBe(1007);
    },
  ],
  [
    'stalls: stays connected and never reads or says anything again',
    async (client) => {
      await speak(client.socket, speech.subarray(0, 30_000));
      client.socket.pause();
    },
  ],
  [
    'vanishes between two words',
    async ({ socket }) => {
      await speak(socket, speech.subarray(0, 30_000));
      socket.terminate();
    },
  ],
];

test.each(misdeeds)(
  'a neighbour of a client that %s is heard as before',
  { timeout: 120_000 },
  async (name, misdeed) => {
    const uid = `neighbour of one that ${name}`;
    const [neighbour, bad] = await Promise.all([live.connect(uid), live.connect(`one that ${name}`)]);
    const done = misdeed(bad);
    await speak(neighbour.socket, speech, 1);
    expect(await endOfAudio(neighbour.socket)).toBe(1000);
    await done;
    const messages = await live.published(uid);
    expect(messages.filter(({ type }) => type === 'session_start')).toHaveLength(1);
    expect(messages.at(-1)).toMatchObject({
      type: 'session_end',
      audio_seconds: expect.closeTo(speech.length / 16_000, 2),
    });
    expect(wordErrorRate(sentence, finalText(messages))).toMatchObject({ errors: 0 });
    bad.socket.terminate();
  },
);

test('nothing is left behind by any of them', { timeout: 120_000 }, async () => {
  await waitFor(
    'every session to end',
    async () => {
      const ended = await Promise.all(misdeeds.map(([name]) => live.published(`one that ${name}`)));
      return ended.every((messages) => messages.at(-1)?.type === 'session_end');
    },
    { deadlineMs: 90_000 },
  );
});
