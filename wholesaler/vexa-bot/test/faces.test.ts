import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@vexa/shared/contracts/platform';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { createLogger } from '@vexa/shared/logging';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRecipe } from '../src/recipes/check-recipe.ts';
import { type BotWorld, type Room, type SentBot, startBotWorld } from './support/bot-world.ts';
import { faceOf } from './support/face-of.ts';
import { openTestBrowser } from './support/open-browser.ts';

let redis: LocalRedis;
let world: BotWorld;
let diagnosisDir: string;

beforeAll(async () => {
  diagnosisDir = await mkdtemp(join(tmpdir(), 'vexa-diagnosis-'));
  redis = await startRedis();
  world = await startBotWorld(redis.url, { diagnosisDir });
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
  await rm(diagnosisDir, { recursive: true, force: true });
});

/** HEADED=1 shows the faces in windows. Each test waits for conditions; the limit is for a machine that does much else. */
const timeout = 180_000;
const platforms = ['google_meet', 'teams', 'zoom', 'jitsi'] as const;

const send = (platform: Platform, room: Room, changes: { query?: string; admissionMs?: number } = {}): SentBot =>
  world.send(faceOf(platform, room, changes.query), {
    platform,
    automaticLeave: {
      noOneJoinedTimeout: 120_000,
      everyoneLeftTimeout: 120_000,
      maxBotTime: 170_000,
      waitingRoomTimeout: changes.admissionMs ?? 120_000,
    },
  });
const story = (bot: SentBot) => bot.reports().map(({ status }) => status);

describe.each(platforms)('on the face of %s', (platform) => {
  const openRoom = (lobby: boolean) => world.openRoom({ lobby, id: roomId(platform) });

  test(
    'a bot that is admitted says so, and why it went; one that is denied fails',
    async () => {
      const [kept, shut, short] = await Promise.all([openRoom(true), openRoom(true), openRoom(false)]);
      await using _first = await kept.join('Ann');
      await using _second = await shut.join('Ben');
      await using _third = await short.join('Cleo');
      const [admitted, denied, ended] = [send(platform, kept), send(platform, shut), send(platform, short)];

      await denied.until('awaiting_admission');
      await shut.deny();
      await admitted.until('awaiting_admission');
      await kept.admit();
      await Promise.all([admitted.until('active'), ended.until('active')]);
      await kept.remove();
      await short.end();
      await Promise.all([admitted, denied, ended].map(({ finished }) => finished));

      expect(story(admitted)).toEqual(['joining', 'awaiting_admission', 'active', 'completed']);
      expect(admitted.reports().at(-1)).toMatchObject({ completion_reason: 'evicted' });
      expect(story(ended)).toEqual(['joining', 'active', 'completed']);
      expect(ended.reports().at(-1)).toMatchObject({
        completion_reason: 'meeting_ended',
        reason: 'The meeting ended.',
      });
      expect(story(denied)).toEqual(['joining', 'awaiting_admission', 'failed']);
      expect(denied.reports().at(-1)).toMatchObject({
        completion_reason: 'awaiting_admission_rejected',
        failure_stage: 'awaiting_admission',
      });
    },
    timeout,
  );
});

test(
  'Zoom: a bot waits for a host who has not started, for as long as was asked; where bots are turned away it says so',
  async () => {
    const openRoom = () => world.openRoom({ id: roomId('zoom') });
    const [late, never, walled] = await Promise.all([openRoom(), openRoom(), openRoom()]);
    const waiting = send('zoom', late);
    const turnedAway = send('zoom', walled, { query: '?wall=1&pwd=secret' });
    const forgotten = send('zoom', never, { admissionMs: 1_000 });
    await waiting.until('awaiting_admission');
    await using _host = await late.join('Host');
    await turnedAway.finished;
    await waiting.until('active');
    waiting.leave('The test has seen enough.');
    await Promise.all([waiting.finished, forgotten.finished]);

    expect(forgotten.reports().at(-1)).toMatchObject({
      status: 'failed',
      completion_reason: 'awaiting_admission_timeout',
      reason: 'The host did not start the meeting in time.',
    });
    expect(story(waiting)).toEqual(['joining', 'awaiting_admission', 'active', 'completed']);
    const [last] = turnedAway.reports().slice(-1);
    expect(last).toMatchObject({ status: 'failed', completion_reason: 'join_failure', failure_stage: 'joining' });
    expect(last?.reason).toContain('lets no automated guest in');
    const kept = (await readdir(diagnosisDir)).filter((name) => name.includes(turnedAway.connectionId));
    expect(kept.map((name) => name.slice(name.lastIndexOf('.'))).sort()).toEqual(['.png', '.txt']);
    const text = await readFile(join(diagnosisDir, kept.find((name) => name.endsWith('.txt')) ?? ''), 'utf8');
    expect(text).toContain("automated bots aren't allowed");
    expect(text).not.toContain('secret');
  },
  timeout,
);

test(
  'the check of a recipe finds each part on the page it was made for, and says what another page lacks',
  async () => {
    const room = await world.openRoom({ id: roomId('jitsi') });
    await using browser = await openTestBrowser();
    const deps = { context: browser.context, logger: createLogger('test', 'silent') };
    const { url: meetingUrl } = faceOf('jitsi', room);
    const check = (platform: Platform, waitMs: number) =>
      checkRecipe(deps, { platform, meetingUrl, botName: 'Check', waitMs });
    const missing = ({ parts }: Awaited<ReturnType<typeof check>>) =>
      parts.filter(({ found, needed }) => needed && !found).map(({ part }) => part);
    const own = await check('jitsi', 60_000);
    expect(missing(own)).toEqual([]);
    expect(own.parts.map(({ part }) => part)).toContain('admitted: own tile');
    expect(missing(await check('zoom', 2_000))).toEqual(['the door opens']);
  },
  timeout,
);

let rooms = 0;
/** Ids as each platform has them, each room another. */
function roomId(platform: (typeof platforms)[number]): string {
  rooms += 1;
  const letter = String.fromCharCode(96 + rooms);
  return (
    { google_meet: `abc-defg-hi${letter}`, jitsi: `standup-${rooms}` }[platform as string] ??
    String(1_234_567_000 + rooms)
  );
}
