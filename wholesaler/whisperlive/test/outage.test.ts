import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { streams } from '@vexa/shared/contracts/redis-names';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endOfAudio, finalText, type LiveService, speak, startLiveService, voice } from './support/live-service.ts';

/** The promise is 30 s; a shorter outage takes the same way. */
const outageSeconds = Number(process.env.REDIS_OUTAGE_SECONDS ?? 5);

let live: LiveService;

beforeAll(async () => {
  live = await startLiveService();
}, 180_000);

afterAll(() => live?.[Symbol.asyncDispose](), 60_000);

test('words of all speakers that were said while Redis was gone are there in order when it is back', {
  timeout: 60_000 + 2_000 * outageSeconds,
}, async () => {
  const said = [
    { file: 'lv-sense-0880.wav', words: 'he was not an ill disposed young man' },
    { file: 'sb-spk1_snt1.wav', words: 'the child almost hurt the small dog' },
  ];
  const clients = await Promise.all(said.map((_, i) => live.connect(`outage-${i}`)));
  await waitFor('both session starts to be on disk', async () => {
    const all = await Promise.all(clients.map((_, i) => live.published(`outage-${i}`)));
    return all.every(({ length }) => length === 1);
  });
  await live.redis.kill();
  const back = delay(outageSeconds * 1000).then(() => live.redis.start());
  await Promise.all(
    said.map(async ({ file }, i) => {
      const socket = clients[i]?.socket;
      if (socket) await speak(socket, await voice(file));
    }),
  );
  const closed = clients.map(({ socket }) => endOfAudio(socket));
  await back;
  expect(await Promise.all(closed)).toEqual([1000, 1000]);
  for (const [i, { words }] of said.entries()) {
    const messages = await live.published(`outage-${i}`);
    expect(messages.at(0)?.type).toBe('session_start');
    expect(messages.at(-1)?.type).toBe('session_end');
    const finals = messages.flatMap((m) => (m.type === 'transcription' ? m.segments.filter((s) => s.completed) : []));
    expect(finals.map(({ segment_id }) => segment_id)).toEqual([...new Set(finals.map((s) => s.segment_id))].sort());
    expect(wordErrorRate(words, finalText(messages)).wer).toBeLessThan(0.3);
  }
});

test('while Redis is gone a client that goes on is held back, and nothing is lost', { timeout: 60_000 }, async () => {
  const { socket } = await live.connect('flood');
  await waitFor('the session start to be on disk', async () => (await live.published('flood')).length === 1);
  const before = await live.reader.xlen(streams.speakerEvents);
  await live.redis.kill();
  const turn = { event_type: 'SPEAKER_START', participant_name: 'x'.repeat(250), relative_client_timestamp_ms: 1 };
  const control = JSON.stringify({ type: 'speaker_activity', payload: turn });
  // Held back means that the buffers of both sides and of the network are full: so much can be in flight at most.
  let sent = 0;
  await waitFor('the client to be held back', () => {
    for (let i = 0; i < 1_000; i += 1) socket.send(control);
    sent += 1_000;
    return socket.bufferedAmount > 4_000_000;
  });
  await live.redis.start();
  socket.send('END_OF_AUDIO');
  await once(socket, 'close');
  expect((await live.reader.xlen(streams.speakerEvents)) - before).toBe(sent);
});
