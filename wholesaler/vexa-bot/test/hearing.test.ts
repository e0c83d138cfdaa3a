import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { readWav } from '@vexa/meeting-room/participant/read-wav';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BotWorld, startBotWorld, token, voice } from './support/bot-world.ts';
import { compareAudio, fromInt16 } from './support/signal-to-noise.ts';

let redis: LocalRedis;
let world: BotWorld;

beforeAll(async () => {
  redis = await startRedis();
  world = await startBotWorld(redis.url);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

test('everybody is heard on a connection of their own, under their name, as they spoke', async () => {
  const { transcription, manager } = world;
  const room = await world.openRoom();
  await using ann = await room.join('Ann');
  await using ben = await room.join('Ben');
  const bot = world.send(room);
  await waitFor('active', () => manager.statuses().includes('active'), { deadlineMs: 15_000 });
  const before = Date.now();
  const spoken = await Promise.all([ann.speak(voice('sb-spk1_snt1')), ben.speak(voice('sb-spk2_snt1'))]);
  await using cleo = await room.join('Cleo');
  await waitFor('Cleo to be connected', () => cleo.participants().some(({ kind }) => kind === 'bot'));
  await cleo.speak(voice('sb-spk2_snt2'));
  await ben.leave();
  await waitFor('the end of Ben', () => transcription.of('Ben')[0]?.ended);
  expect(transcription.of('Ann')[0]?.open).toBe(true);
  await room.end();
  const { ending, exitCode } = await bot.finished;
  console.log(transcription.sessions.map((s) => [s.config, s.seconds(), s.controls, s.ended]), manager.callbacks.length, manager.statuses(), manager.last());
  for (const [name, file] of [['Ann', 'sb-spk1_snt1'], ['Ben', 'sb-spk2_snt1'], ['Cleo', 'sb-spk2_snt2']] as const) {
    const [session] = transcription.of(name);
    console.log(name, compareAudio(fromInt16(await readWav(voice(file))), session!.audio()));
  }
  console.log(spoken, before);
});
