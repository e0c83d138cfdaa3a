import { readWav } from '@vexa/meeting-room/participant/read-wav';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type BotWorld, startBotWorld, token, voice } from './support/bot-world.ts';
import { compareAudio, fromInt16, sameVoiceDb } from './support/signal-to-noise.ts';
import type { HeardSession } from './support/transcription-server.ts';

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
beforeEach(() => {
  world.transcription.sessions.length = 0;
});

const sampleRate = 16_000;
const silence = (seconds: number) => new Int16Array(seconds * sampleRate);
/** A machine with much else to do is late; being wrong would be out by the length of somebody’s turn. */
const lateAtMostMs = 5_000;

const original = async (name: string) => fromInt16(await readWav(voice(name)));
const startOf = ({ config }: HeardSession) => Date.parse(config.start_timestamp ?? '');
const turns = ({ controls }: HeardSession) =>
  controls.flatMap((c) => (c.type === 'speaker_activity' ? [c.payload] : []));

test('everybody is heard on a connection of their own, under their name, as and when they spoke', async () => {
  const { transcription } = world;
  const room = await world.openRoom();
  await using ann = await room.join('Ann');
  await using ben = await room.join('Ben');
  const bot = world.send(room);
  await bot.until('active');
  const [annSpoke, benSpoke] = await Promise.all([ann.speak(voice('sb-spk1_snt1')), ben.speak(voice('sb-spk2_snt1'))]);
  await using cleo = await room.join('Cleo');
  const bots = () => cleo.participants().filter(({ kind }) => kind === 'bot');
  await waitFor('the bot in Cleo’s list', () => bots().length > 0);
  expect(bots().map(({ name }) => name)).toEqual(['Vexa Notes']);
  await cleo.speak(silence(1));
  const cleoSpoke = await cleo.speak(voice('sb-spk2_snt2'));
  await ben.leave();
  await waitFor('the end of Ben’s stream', () => transcription.of('Ben')[0]?.ended);
  expect(transcription.of('Ann')[0]?.open).toBe(true);
  await room.end();
  const { exitCode } = await bot.finished;

  expect(exitCode).toBe(0);
  expect(bot.reports().map(({ status }) => status)).toEqual(['joining', 'active', 'completed']);
  expect(bot.reports().at(-1)).toMatchObject({ completion_reason: 'meeting_ended', exit_code: 0 });
  expect(bot.reports().at(-1)?.audio_seconds_heard).toBeGreaterThan(3);
  expect(transcription.sessions.map(({ config }) => config.speaker).sort()).toEqual(['Ann', 'Ben', 'Cleo']);
  expect(new Set(transcription.sessions.map(({ config }) => config.uid)).size).toBe(3);
  for (const [name, file, { startedAt }] of [
    ['Ann', 'sb-spk1_snt1', annSpoke],
    ['Ben', 'sb-spk2_snt1', benSpoke],
    ['Cleo', 'sb-spk2_snt2', cleoSpoke],
  ] as const) {
    const [session] = transcription.of(name);
    expect(session?.config).toMatchObject({ token, platform: 'local', meeting_id: 7, language: 'en' });
    const heard = compareAudio(await original(file), session!.audio());
    expect(heard.snrDb).toBeGreaterThan(sameVoiceDb);
    expect(Math.abs(heard.gainDb)).toBeLessThan(2);
    const lateMs = startOf(session!) + heard.offsetSeconds * 1000 - startedAt;
    expect(lateMs).toBeGreaterThan(-100);
    expect(lateMs).toBeLessThan(lateAtMostMs);
    const [first] = turns(session!);
    expect(first).toMatchObject({ event_type: 'SPEAKER_START', participant_name: name });
    expect(Math.abs((first?.relative_client_timestamp_ms ?? 0) / 1000 - heard.offsetSeconds) * 1000).toBeLessThan(
      lateAtMostMs,
    );
  }
});

test('a lost connection is taken up again where the last final ended, without a gap and without a double', async () => {
  const { transcription } = world;
  const room = await world.openRoom();
  await using dora = await room.join('Dora');
  const bot = world.send(room);
  await bot.until('active');
  const speaking = dora.speak(voice('pv-en'));
  await waitFor('two seconds of Dora', () => (transcription.of('Dora')[0]?.seconds() ?? 0) > 2.5);
  const first = transcription.of('Dora')[0]!;
  await first.confirm(1.5);
  transcription.welcome('drop', 'wait', 'ready');
  first.cut();
  await speaking;
  const second = await waitFor('the second session', () => transcription.of('Dora')[1]);
  await waitFor('all of it', () => second.seconds() > 5);
  await room.end();
  await bot.finished;

  expect(second.config.uid).not.toBe(first.config.uid);
  expect(second.config.resumes).toEqual({ uid: first.config.uid, from_seconds: 1.5 });
  expect(startOf(second) - startOf(first)).toBe(1500);
  expect(second.ended).toBe(true);
  const overlap = first.audio().subarray(1.5 * sampleRate);
  expect(second.audio().subarray(0, overlap.length)).toEqual(overlap);
  const whole = Float32Array.from([...first.audio().subarray(0, 1.5 * sampleRate), ...second.audio()]);
  expect(compareAudio(await original('pv-en'), whole).snrDb).toBeGreaterThan(sameVoiceDb);
});
