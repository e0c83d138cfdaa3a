import { setTimeout as sleep } from 'node:timers/promises';
import { connectDb } from '@vexa/shared/db/client';
import { freePort } from '@vexa/shared/local/free-port';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { botRuns } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLeadership } from '../src/reconcile/leadership.ts';
import { createFakeRunner, type FakeRunner } from './fake-runner.ts';
import {
  type Client,
  eventsOf,
  type FakeCollector,
  type Manager,
  newUser,
  report,
  startCollector,
  startManager,
  statusesOf,
  twoSegments,
  untilStatus,
  useStores,
} from './fixture.ts';

const stores = useStores();
let collector: FakeCollector;
let runner: FakeRunner;
let managers: Manager[];
let user: Client & { userId: number };
beforeAll(async () => {
  collector = await startCollector();
});
afterAll(() => collector[Symbol.asyncDispose]());
beforeEach(() => {
  collector.answer = () => twoSegments;
  collector.drains.length = 0;
  runner = createFakeRunner();
  managers = [];
});
afterEach(async () => {
  for (const manager of managers) await manager[Symbol.asyncDispose]();
});

const manage = async (env: Record<string, string> = {}, from = collector): Promise<Manager> => {
  const manager = await startManager(stores, { collector: from, runner, env });
  managers.push(manager);
  return manager;
};
const begin = async (env: Record<string, string> = {}, from = collector) => {
  const manager = await manage(env, from);
  user = await newUser(stores, manager);
  await user('PUT', '/user/webhook', {
    webhook_url: 'http://127.0.0.1:9/hook',
    webhook_secret: 'a-secret-of-the-tests',
  });
  return manager;
};
const start = async (room: string, more: Record<string, unknown> = {}) => {
  expect((await user('POST', '/bots', { platform: 'local', native_meeting_id: room, ...more })).status).toBe(201);
  return runner.started.at(-1)!;
};
const active = async (room: string, more: Record<string, unknown> = {}) => {
  const bot = await start(room, more);
  for (const status of ['joining', 'active'] as const) await report(bot, status);
  return bot;
};
const nextBot = (count: number) =>
  waitFor('the next bot', () => runner.started.length >= count && runner.started.at(-1));

describe('a bot that dies in an active meeting', () => {
  it('is replaced once, in the same meeting; then the meeting fails and is delivered as usual', async () => {
    await begin();
    const first = await active('crashing');
    runner.end(first.name, 137);
    const second = (await nextBot(2))!;
    expect(second.config.meeting_id).toBe(first.config.meeting_id);
    expect(second.config.connectionId).not.toBe(first.config.connectionId);
    expect((await user('GET', '/meetings/local/crashing')).body.status).toBe('active');
    expect(await report(second, 'joining')).toEqual({ status: 'ignored' });
    expect(await report(second, 'active')).toEqual({ status: 'processed' });
    expect(await report(first, 'heartbeat')).toEqual({ status: 'ignored', command: 'leave' });
    runner.end(second.name, 137);
    const done = await untilStatus(user, 'crashing', 'failed');
    expect(done).toMatchObject({ completion_reason: 'bot_crashed', failure_stage: 'active' });
    expect(statusesOf(done)).toEqual(['requested', 'joining', 'active', 'active', 'stopping', 'failed']);
    const [finished] = await eventsOf(stores, user.userId, 'meeting.finished');
    expect(finished!.data).toMatchObject({ status: 'failed', segment_count: 2 });
    expect(runner.started).toHaveLength(2);
  });

  it('is replaced when it reports the crash itself', async () => {
    await begin();
    const first = await active('reporting');
    await report(first, 'failed', { completion_reason: 'bot_crashed', exit_code: 1 });
    expect((await nextBot(2))!.config.meeting_id).toBe(first.config.meeting_id);
  });

  it('is not replaced after a stop, and the stop is what is told', async () => {
    await begin();
    const bot = await active('stopping-crash');
    await user('DELETE', '/bots/local/stopping-crash');
    runner.end(bot.name, 137);
    expect(await untilStatus(user, 'stopping-crash', 'completed')).toMatchObject({ completion_reason: 'stopped' });
    expect(runner.started).toHaveLength(1);
  });

  it('is found by its silence when it only hangs, and is ended first', async () => {
    await begin({ HEARTBEAT_TIMEOUT_MS: '400', BOT_RESTARTS: '0' });
    const bot = await active('hanging');
    const done = await untilStatus(user, 'hanging', 'failed');
    expect(done).toMatchObject({ completion_reason: 'bot_lost', failure_stage: 'active' });
    expect(runner.stopped).toEqual([bot.name]);
  });

  it('is left alone while it gives signs of life', async () => {
    await begin({ HEARTBEAT_TIMEOUT_MS: '2000' });
    const bot = await active('living');
    for (let beat = 0; beat < 12; beat++) {
      expect(await report(bot, 'heartbeat')).toEqual({ status: 'processed' });
      await sleep(250); // the promise is about time passing
    }
    expect(runner.stopped).toEqual([]);
    expect((await user('GET', '/meetings/local/living')).body.status).toBe('active');
  });
});

describe('a bot that exits', () => {
  it('before it was in fails the meeting at that stage, without a second try', async () => {
    await begin();
    const bot = await start('never-in');
    await report(bot, 'joining');
    runner.end(bot.name, 1);
    const done = await untilStatus(user, 'never-in', 'failed');
    expect(done).toMatchObject({ completion_reason: 'bot_crashed', failure_stage: 'joining' });
  });

  it('because of its configuration says so', async () => {
    await begin();
    runner.end((await start('bad-config')).name, 2);
    expect(await untilStatus(user, 'bad-config', 'failed')).toMatchObject({ completion_reason: 'validation_error' });
  });

  it('because it never ran is told why, and gets no second try', async () => {
    await begin();
    const neverRan = 'The cluster has no room for the bot.';
    runner.end((await start('no-room')).name, null, { neverRan });
    const done = await untilStatus(user, 'no-room', 'failed');
    expect(done).toMatchObject({ completion_reason: 'join_failure', failure_stage: 'requested' });
    expect(done.data.status_transition).toContainEqual(expect.objectContaining({ to: 'failed', reason: neverRan }));
    expect(runner.started).toHaveLength(1);
  });
});

describe('a time-out', () => {
  it.each([
    ['requested', 'REQUESTED', [], 'join_failure', 'requested'],
    ['joining', 'JOINING', ['joining'], 'join_failure', 'joining'],
    [
      'needs_human_help',
      'NEEDS_HELP',
      ['joining', 'awaiting_admission', 'needs_human_help'],
      'awaiting_admission_timeout',
      'awaiting_admission',
    ],
  ] as const)('ends a meeting that stays %s', async (status, limit, reports, completion_reason, failure_stage) => {
    await begin({ [`${limit}_TIMEOUT_MS`]: '400' });
    const room = `stuck-${reports.length}`;
    const bot = await start(room);
    for (const each of reports) await report(bot, each);
    const done = await untilStatus(user, room, 'failed');
    expect(statusesOf(done).at(-2)).toBe(status);
    expect(done).toMatchObject({ completion_reason, failure_stage });
    expect(runner.stopped).toEqual([bot.name]);
  });

  it('ends a bot that does not leave when told', async () => {
    await begin({ STOPPING_TIMEOUT_MS: '300' });
    const bot = await active('deaf');
    await user('DELETE', '/bots/local/deaf');
    expect(await untilStatus(user, 'deaf', 'completed')).toMatchObject({ completion_reason: 'stopped' });
    expect(runner.stopped).toEqual([bot.name]);
  });

  it('closes sessions that never ended by force, and gives up only after the limit', async () => {
    await begin({ SESSION_END_TIMEOUT_MS: '300', FINISH_TIMEOUT_MS: '1200' });
    collector.answer = () => ({ ...twoSegments, drained: false, open_sessions: ['a'] });
    const bot = await active('never-drained');
    await report(bot, 'completed', { completion_reason: 'left_alone' });
    const done = await untilStatus(user, 'never-drained', 'completed');
    expect(done.data).toMatchObject({ incomplete: true, sessions_without_end: 1 });
    expect(collector.drains[0]!.force).toBe(false);
    expect(collector.drains.at(-1)!.force).toBe(true);
    const [finished] = await eventsOf(stores, user.userId, 'meeting.finished');
    expect(finished!.data).toMatchObject({ incomplete: true, segment_count: 2 });
  });
});

describe('a collector that is away', () => {
  it('holds the end back as long as it takes, beyond the limit for one that answers', async () => {
    const gone = await startCollector();
    await begin({ FINISH_TIMEOUT_MS: '300', SESSION_END_TIMEOUT_MS: '100000' }, gone);
    const bot = await active('waiting');
    await gone[Symbol.asyncDispose]();
    await report(bot, 'completed', { completion_reason: 'left_alone' });
    await sleep(900); // three times the limit
    expect((await user('GET', '/meetings/local/waiting')).body.status).toBe('stopping');
    await using _ = await startCollector(gone.port);
    const done = await untilStatus(user, 'waiting', 'completed');
    expect(done.data.incomplete).toBeUndefined();
    const [finished] = await eventsOf(stores, user.userId, 'meeting.finished');
    expect(finished!.data).toMatchObject({ incomplete: false, segment_count: 2 });
  });

  it('is given up after the longer limit', async () => {
    const gone = await startCollector();
    await gone[Symbol.asyncDispose]();
    await begin({ COLLECTOR_DOWN_TIMEOUT_MS: '500' }, gone);
    const bot = await active('abandoned');
    await report(bot, 'completed');
    expect((await untilStatus(user, 'abandoned', 'completed')).data.incomplete).toBe(true);
  });
});

describe('a bot-manager that was killed', () => {
  let port: string;
  beforeEach(async () => {
    port = String(await freePort());
  });
  const kill = async () => {
    for (const manager of managers.splice(0)) await manager[Symbol.asyncDispose]();
  };

  it('finds its bots again when it comes back', async () => {
    await begin({ PORT: port });
    const bot = await active('adopted');
    await kill();
    await manage({ PORT: port });
    expect(await report(bot, 'heartbeat')).toEqual({ status: 'processed' });
    await report(bot, 'completed', { completion_reason: 'meeting_ended' });
    expect(await untilStatus(user, 'adopted', 'completed')).toMatchObject({ completion_reason: 'meeting_ended' });
    expect(runner.started).toHaveLength(1);
  });

  it('does not take its own absence for the bot’s silence', async () => {
    await begin({ PORT: port, HEARTBEAT_TIMEOUT_MS: '5000' });
    const bot = await active('absent');
    await kill();
    const old = new Date(Date.now() - 60_000);
    await stores.connection.db.update(botRuns).set({ last_seen_at: old });
    await manage({ PORT: port, HEARTBEAT_TIMEOUT_MS: '5000' });
    await sleep(200); // several looks, fewer than the limit
    expect(await report(bot, 'heartbeat')).toEqual({ status: 'processed' });
    expect(runner.stopped).toEqual([]);
  });

  it('finds a bot that died meanwhile', async () => {
    await begin({ PORT: port });
    const bot = await active('died');
    await kill();
    runner.end(bot.name, 137);
    await manage({ PORT: port });
    expect((await nextBot(2))!.config.meeting_id).toBe(bot.config.meeting_id);
  });

  it('in the finish barrier goes on with it', async () => {
    await begin({ PORT: port });
    collector.answer = () => ({ ...twoSegments, drained: false });
    const bot = await active('barrier');
    await report(bot, 'completed', { completion_reason: 'left_alone' });
    await untilStatus(user, 'barrier', 'stopping');
    await kill();
    collector.answer = () => twoSegments;
    await manage({ PORT: port });
    await untilStatus(user, 'barrier', 'completed');
    expect(await eventsOf(stores, user.userId, 'meeting.finished')).toHaveLength(1);
  });

  it('between the row and the bot sends the bot that is missing', async () => {
    await begin({ PORT: port });
    const bot = await start('unborn');
    await kill();
    runner.end(bot.name, null, { silently: true });
    const long = new Date(Date.now() - 20_000);
    await stores.connection.db.update(botRuns).set({ container_id: null, started_at: long });
    await manage({ PORT: port });
    const next = (await nextBot(2))!;
    expect(next.config.connectionId).not.toBe(bot.config.connectionId);
    await report(next, 'joining');
    await untilStatus(user, 'unborn', 'joining');
  });

  it('between the bot and noting its id adopts the bot', async () => {
    await begin({ PORT: port });
    const bot = await start('nameless');
    await kill();
    const where = eq(botRuns.connection_id, bot.config.connectionId);
    await stores.connection.db
      .update(botRuns)
      .set({ container_id: null, started_at: new Date(Date.now() - 20_000) })
      .where(where);
    await manage({ PORT: port });
    await waitFor('the id', async () => {
      const [run] = await stores.connection.db.select().from(botRuns).where(where);
      return run?.container_id === `id-of-${bot.name}`;
    });
    expect(runner.started).toHaveLength(1);
  });
});

describe('many meetings', () => {
  it('have their turn, however many there are', async () => {
    await begin();
    await stores.connection.sql`
      with made as (
        insert into meetings (user_id, platform, platform_specific_id)
        select ${user.userId}, 'local', 'room-' || n from generate_series(1, 60) n returning id)
      insert into bot_runs (connection_id, meeting_id, container_id, container_name)
      select 'c-' || id, id, 'gone', 'vexa-bot-' || id || '-00000000' from made`;
    const allFailed = async () => (await user('GET', '/meetings?status=failed&limit=100')).body.meetings.length === 60;
    await waitFor('the end of all', allFailed, { deadlineMs: 60_000 });
  }, 90_000);
});

describe('several bot-managers', () => {
  it('replace a bot once and finish a meeting once', async () => {
    await begin();
    await manage();
    await manage();
    const first = await active('shared');
    runner.end(first.name, 137);
    const second = (await nextBot(2))!;
    await report(second, 'active');
    await report(second, 'completed', { completion_reason: 'meeting_ended' });
    await untilStatus(user, 'shared', 'completed');
    expect(runner.started).toHaveLength(2);
    expect(await eventsOf(stores, user.userId, 'meeting.finished')).toHaveLength(1);
  });

  it('are led by one, and by another once that has lost its connection or is gone', async () => {
    const options = { everyMs: 20, logger: createLogger('test', 'silent') };
    await using first = await startLeadership(stores.databaseUrl, options);
    await using second = await startLeadership(stores.databaseUrl, options);
    expect([first.leads, second.leads]).toEqual([true, false]);
    await using rival = connectDb(stores.databaseUrl, { max: 1 });
    const take = async () => {
      await stores.connection.sql`select pg_terminate_backend(pid)
        from pg_stat_activity where application_name = 'vexa-leadership' and datname = current_database()`;
      const [row] = await rival.sql`select pg_try_advisory_lock(hashtextextended('vexa:reconciler', 0)) as locked`;
      return row?.locked;
    };
    await waitFor('a third to take the lock', take);
    await waitFor('nobody to lead', () => !first.leads && !second.leads);
    await rival[Symbol.asyncDispose]();
    await waitFor('one to lead', () => first.leads !== second.leads);
    const [leader, other] = first.leads ? [first, second] : [second, first];
    await leader[Symbol.asyncDispose]();
    await waitFor('the other to lead', () => other.leads);
  });
});
