import type { Platform } from '@vexa/shared/contracts/platform';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BotWorld, startBotWorld, voice } from './support/bot-world.ts';
import { faceOf } from './support/face-of.ts';
import type { HeardSession } from './support/transcription-server.ts';

let redis: LocalRedis;
let world: BotWorld;

beforeAll(async () => {
  redis = await startRedis();
  world = await startBotWorld(redis.url);
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

interface Said {
  name: string;
  from: number;
  to: number;
}

/** When each session was told that somebody speaks, in epoch ms. */
function turnsOf(session: HeardSession): Said[] {
  const start = Date.parse(session.config.start_timestamp ?? '');
  const open = new Map<string, Said>();
  const turns: Said[] = [];
  for (const control of session.controls) {
    if (control.type !== 'speaker_activity') continue;
    const { event_type, participant_name: name, participant_id: id = '' } = control.payload;
    const at = start + control.payload.relative_client_timestamp_ms;
    const turn = open.get(id);
    if (event_type === 'SPEAKER_START' && !turn) {
      const begun = { name, from: at, to: Number.POSITIVE_INFINITY };
      open.set(id, begun);
      turns.push(begun);
    } else if (event_type === 'SPEAKER_END' && turn) {
      turn.to = at;
      open.delete(id);
    }
  }
  return turns;
}

/** The sessions that carried sound between two moments, the one with the most of it first. */
function carriers(sessions: HeardSession[], from: number, to: number): HeardSession[] {
  const loudness = (session: HeardSession): number => {
    const start = Date.parse(session.config.start_timestamp ?? '');
    const at = (ms: number) => Math.max(0, Math.round(((ms - start) / 1000) * 16_000));
    return session
      .audio()
      .subarray(at(from), at(to))
      .reduce((sum, sample) => sum + sample * sample, 0);
  };
  const loud = sessions.map((session) => ({ session, energy: loudness(session) }));
  return loud
    .filter(({ energy }) => energy > 1)
    .sort((a, b) => b.energy - a.energy)
    .map(({ session }) => session);
}

const overlap = (turn: Said, from: number, to: number) =>
  Math.max(0, Math.min(turn.to, to) - Math.max(turn.from, from));

/** What sound needs from the one who makes it to the bot. */
const wayMs = 500;

test.each<[Platform, string, string, number]>([
  ['google_meet', 'nam-tests-abc', '?tracks=2', 2],
  ['teams', '1230000001', '', 1],
])(
  'on the face of %s, whose tracks are nobody’s own, every voice is given its name',
  async (platform, id, query, mostTracks) => {
    const room = await world.openRoom({ id });
    await using ann = await room.join('Ann');
    await using ben = await room.join('Ben');
    await using cleo = await room.join('Cleo');
    const meeting_id = mostTracks;
    const bot = world.send(faceOf(platform, room, query), {
      platform,
      meeting_id,
      automaticLeave: { maxBotTime: 170_000 },
    });
    await bot.until('active');
    const said: Said[] = [];
    for (const [name, person, file] of [
      ['Ann', ann, 'sb-spk1_snt2'],
      ['Ben', ben, 'sb-spk2_snt1'],
      ['Cleo', cleo, 'sb-spk1_snt3'],
      ['Ann', ann, 'sb-spk2_snt2'],
    ] as const) {
      const { startedAt, endedAt } = await person.speak(voice(file));
      said.push({ name, from: startedAt + wayMs, to: endedAt + wayMs });
      await person.speak(new Int16Array(16_000));
    }
    const sessions = () => world.transcription.sessions.filter(({ config }) => config.meeting_id === meeting_id);
    await waitFor('the last turn to be told', () => {
      const last = sessions()
        .flatMap(turnsOf)
        .filter(({ name }) => name === 'Ann');
      return last.some((turn) => turn.from > (said.at(-2)?.to ?? 0));
    });
    await room.end();
    await bot.finished;

    expect(sessions().length).toBeGreaterThan(0);
    expect(new Set(sessions().map(({ config }) => config.uid)).size).toBeLessThanOrEqual(mostTracks);
    for (const { config } of sessions()) expect(config.speaker).toBeNull();
    let [right, told] = [0, 0];
    for (const { name, from, to } of said) {
      const [carrier] = carriers(sessions(), from, to);
      if (!carrier) throw new Error(`Nothing was heard of ${name}.`);
      const named = new Map<string, number>();
      for (const turn of turnsOf(carrier)) named.set(turn.name, (named.get(turn.name) ?? 0) + overlap(turn, from, to));
      const [most] = [...named].sort(([, a], [, b]) => b - a);
      expect(most?.[0]).toBe(name);
      right += named.get(name) ?? 0;
      told += [...named.values()].reduce((sum, ms) => sum + ms, 0);
    }
    expect(right / told).toBeGreaterThan(0.8);
    const names = new Set(
      sessions()
        .flatMap(turnsOf)
        .map(({ name }) => name),
    );
    // Somebody who spoke before the page showed their name is told as somebody, never by what stands in for it.
    expect([...names].filter((name) => name !== '').sort()).toEqual(['Ann', 'Ben', 'Cleo']);
  },
  180_000,
);
