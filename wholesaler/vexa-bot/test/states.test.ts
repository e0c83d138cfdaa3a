import { readWav } from '@vexa/meeting-room/participant/read-wav';
import { channels } from '@vexa/shared/contracts/redis-names';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BotWorld, type SentBot, startBotWorld, voice } from './support/bot-world.ts';
import { killRenderers } from './support/process-tree.ts';
import { compareAudio, fromInt16, sameVoiceDb } from './support/signal-to-noise.ts';

let redis: LocalRedis;
let world: BotWorld;
let commands: Redis;

beforeAll(async () => {
  redis = await startRedis();
  world = await startBotWorld(redis.url);
  commands = new Redis(redis.url);
});
afterAll(async () => {
  commands.disconnect();
  await world[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const statuses = (bot: SentBot) => bot.reports().map(({ status }) => status);

describe('at the door', () => {
  test('a bot that is let in says so, and leaves when it is removed', async () => {
    const room = await world.openRoom({ lobby: true });
    await using _host = await room.join('Host');
    const bot = world.send(room);
    await bot.until('awaiting_admission');
    expect(statuses(bot)).toEqual(['joining', 'awaiting_admission']);
    await room.admit();
    await bot.until('active');
    await room.remove();
    expect((await bot.finished).exitCode).toBe(0);
    expect(statuses(bot)).toEqual(['joining', 'awaiting_admission', 'active', 'completed']);
    expect(bot.reports().at(-1)).toMatchObject({ completion_reason: 'evicted', container_id: 'vexa-bot-7-0123abcd' });
  });

  test('a denied bot and one that nobody lets in fail with their reasons', async () => {
    const room = await world.openRoom({ lobby: true });
    const denied = world.send(room);
    await denied.until('awaiting_admission');
    await room.deny();
    expect((await denied.finished).exitCode).toBe(1);
    const forgotten = world.send(room, { automaticLeave: { waitingRoomTimeout: 1_000 } });
    expect((await forgotten.finished).exitCode).toBe(1);
    expect(denied.reports().at(-1)).toMatchObject({
      status: 'failed',
      completion_reason: 'awaiting_admission_rejected',
      failure_stage: 'awaiting_admission',
    });
    expect(forgotten.reports().at(-1)).toMatchObject({
      status: 'failed',
      completion_reason: 'awaiting_admission_timeout',
      failure_stage: 'awaiting_admission',
    });
  });

  test('a stop in the lobby is no failure, and an address without a meeting is one', async () => {
    const room = await world.openRoom({ lobby: true });
    const waiting = world.send(room);
    await waiting.until('awaiting_admission');
    await commands.publish(channels.botCommands(waiting.connectionId), JSON.stringify({ action: 'leave' }));
    expect((await waiting.finished).exitCode).toBe(0);
    expect(waiting.reports().at(-1)).toMatchObject({ completion_reason: 'stopped_before_admission' });

    const lost = world.send({ id: 'Nowhere', url: new URL('/No-Such-Room', room.url).href });
    expect((await lost.finished).exitCode).toBe(1);
    expect(lost.reports().at(-1)).toMatchObject({
      status: 'failed',
      completion_reason: 'join_failure',
      failure_stage: 'joining',
      reason: 'The meeting page answered 404.',
    });
  });
});

describe('in the meeting', () => {
  test('a bot goes when nobody comes, when everybody left, and when its time is over', async () => {
    const [empty, left, endless] = await Promise.all([world.openRoom(), world.openRoom(), world.openRoom()]);
    await using _host = await endless.join('Host');
    const guest = await left.join('Guest');
    const waiting = world.send(empty, { automaticLeave: { noOneJoinedTimeout: 1_000 } });
    const abandoned = world.send(left, { automaticLeave: { everyoneLeftTimeout: 1_000 } });
    await abandoned.until('active');
    await guest.leave();
    const limited = world.send(endless, { automaticLeave: { maxBotTime: 3_000 } });
    await Promise.all([waiting.finished, abandoned.finished, limited.finished]);
    expect(waiting.reports().at(-1)).toMatchObject({ status: 'completed', completion_reason: 'startup_alone' });
    expect(abandoned.reports().at(-1)).toMatchObject({ status: 'completed', completion_reason: 'left_alone' });
    expect(limited.reports().at(-1)).toMatchObject({ completion_reason: 'max_bot_time_exceeded' });
  });

  test('commands change the language of running and later sessions, and end the visit', async () => {
    const { transcription } = world;
    const room = await world.openRoom();
    await using ann = await room.join('Ann');
    const bot = world.send(room);
    await bot.until('active');
    const command = (message: object) =>
      commands.publish(channels.botCommands(bot.connectionId), JSON.stringify(message));
    const spoken = ann.speak(voice('sb-spk1_snt2'));
    const session = await waitFor('Ann’s session', () => transcription.of('Ann').at(-1));
    expect(await command({ action: 'dance' })).toBe(1);
    await command({ action: 'reconfigure', language: 'fr', task: 'translate' });
    await waitFor('the change', () => session.controls.some(({ type }) => type === 'reconfigure'));
    expect(session.controls.find(({ type }) => type === 'reconfigure')).toEqual({
      type: 'reconfigure',
      payload: { language: 'fr', task: 'translate' },
    });
    await spoken;
    await using bea = await room.join('Bea');
    const speech = bea.speak(voice('sb-spk1_snt3'));
    const later = await waitFor('Bea’s session', () => transcription.of('Bea').at(-1));
    expect(later.config).toMatchObject({ language: 'fr', task: 'translate' });
    await speech;
    await command({ action: 'leave' });
    expect((await bot.finished).exitCode).toBe(0);
    expect(bot.reports().at(-1)).toMatchObject({ status: 'completed', completion_reason: 'stopped' });
    expect([session.ended, later.ended]).toEqual([true, true]);
    // The sentence went on in one piece while its language changed.
    expect(transcription.of('Ann').at(-1)).toBe(session);
    const sentence = fromInt16(await readWav(voice('sb-spk1_snt2')));
    expect(compareAudio(sentence, session.audio()).snrDb).toBeGreaterThan(sameVoiceDb);
    await waitFor('the bot to be gone from the room', () => ann.participants().every(({ kind }) => kind !== 'bot'));
  });

  test('a page that crashes is replaced once, and the second crash is told', async () => {
    const { transcription } = world;
    const room = await world.openRoom();
    await using ann = await room.join('Ann');
    const bot = world.send(room);
    await bot.until('active');
    expect(killRenderers(process.pid)).toBeGreaterThan(0);
    const sessionsBefore = transcription.of('Ann').length;
    await waitFor('the bot to come back', () => ann.participants().filter(({ kind }) => kind === 'bot').length === 1);
    const spoken = ann.speak(voice('sb-spk1_snt4'));
    await waitFor('Ann to be heard again', () => transcription.of('Ann').length > sessionsBefore);
    await spoken;
    expect(killRenderers(process.pid)).toBeGreaterThan(0);
    expect((await bot.finished).exitCode).toBe(1);
    expect(statuses(bot)).toEqual(['joining', 'active', 'failed']);
    expect(transcription.of('Ann').at(-1)?.ended).toBe(true);
    expect(bot.reports().at(-1)).toMatchObject({ completion_reason: 'bot_crashed', failure_stage: 'active' });
  });
});
