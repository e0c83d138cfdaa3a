import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { channels } from '@vexa/shared/contracts/redis-names';
import { createLogger } from '@vexa/shared/logging';
import { connectBlockingRedis } from '@vexa/shared/redis/client';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { verifyWebhook } from '@vexa/shared/webhooks/signature';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NoCapacityError } from '../src/runners/runner.ts';
import { createFakeRunner, type FakeRunner } from './fake-runner.ts';
import {
  type Client,
  eventsOf,
  type FakeCollector,
  type Manager,
  newUser,
  nothingSaid,
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
let manager: Manager;
let user: Client & { userId: number };
beforeAll(async () => {
  collector = await startCollector();
});
afterAll(() => collector[Symbol.asyncDispose]());
beforeEach(async () => {
  collector.answer = () => twoSegments;
  collector.drains.length = 0;
  runner = createFakeRunner();
  manager = await startManager(stores, { collector, runner });
  user = await newUser(stores, manager);
});
afterEach(() => manager[Symbol.asyncDispose]());

const start = async (room: string, more: Record<string, unknown> = {}) => {
  const answer = await user('POST', '/bots', { platform: 'local', native_meeting_id: room, ...more });
  expect(answer.status).toBe(201);
  return { meeting: answer.body, bot: runner.started.at(-1)! };
};
const active = async (room: string) => {
  const made = await start(room);
  await report(made.bot, 'joining');
  await report(made.bot, 'awaiting_admission');
  await report(made.bot, 'active');
  return made;
};
const subscribe = () =>
  user('PUT', '/user/webhook', { webhook_url: 'http://127.0.0.1:9/hook', webhook_secret: 'a-secret-of-the-tests' });

describe('a meeting', () => {
  it('is requested with everything its bot needs to know', async () => {
    const { meeting, bot } = await start('room-1', { language: 'en', metadata: { team: 'a' } });
    expect(meeting).toMatchObject({
      platform: 'local',
      native_meeting_id: 'room-1',
      constructed_meeting_url: 'http://localhost:8090/room-1',
      status: 'requested',
      metadata: { team: 'a' },
      bot_container_id: `id-of-${bot.name}`,
    });
    expect(meeting.data.bot_name).toMatch(/^VexaBot-[0-9a-f]{6}$/);
    expect(bot.name).toMatch(new RegExp(`^vexa-bot-${meeting.id}-[0-9a-f]{8}$`));
    expect(bot.labels).toEqual({ 'vexa.user_id': String(user.userId), 'vexa.meeting_id': String(meeting.id) });
    expect(bot.config).toMatchObject({ meeting_id: meeting.id, language: 'en', task: 'transcribe' });
    expect(bot.config.botManagerCallbackUrl).toBe(`${manager.url}/bots/internal/callback`);
  });

  it('is followable by the id of the request that asked for it, also by a bot that is a replacement', async () => {
    const room = { platform: 'local', native_meeting_id: 'followed' };
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { 'x-request-id': 'req-7', traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    const { body } = await user('POST', '/bots', room, headers);
    expect(body.data.request_id).toBe('req-7');
    const first = runner.started.at(-1)!;
    for (const status of ['joining', 'active'] as const) await report(first, status);
    runner.end(first.name, 137);
    await waitFor('the replacement', () => runner.started.length === 2);
    for (const { config } of runner.started) {
      expect(config.requestId).toBe('req-7');
      expect(config.traceparent).toContain(trace);
    }
  });

  it('is in the list of running bots until its bot has left', async () => {
    const { meeting, bot } = await active('running');
    const id = String(meeting.id);
    expect((await user('GET', '/bots/status')).body).toEqual({
      running_bots: [
        {
          container_id: `id-of-${bot.name}`,
          container_name: bot.name,
          platform: 'local',
          native_meeting_id: 'running',
          status: 'running',
          normalized_status: 'active',
          created_at: expect.stringMatching(/Z$/),
          labels: { 'vexa.user_id': String(user.userId), 'vexa.meeting_id': id },
          meeting_id_from_name: id,
        },
      ],
    });
    await report(bot, 'completed');
    expect((await user('GET', '/bots/status')).body).toEqual({ running_bots: [] });
  });

  it('goes from requested to completed and tells so once, with the checksum of what was said', async () => {
    await subscribe();
    const { meeting, bot } = await active('whole');
    expect((await untilStatus(user, 'whole', 'active')).start_time).not.toBeNull();
    await report(bot, 'completed', { completion_reason: 'meeting_ended', audio_seconds_heard: 9, exit_code: 0 });
    const done = await untilStatus(user, 'whole', 'completed');
    expect(statusesOf(done)).toEqual(['requested', 'joining', 'awaiting_admission', 'active', 'stopping', 'completed']);
    expect(done).toMatchObject({ completion_reason: 'meeting_ended', failure_stage: null });
    expect(done.end_time).not.toBeNull();
    expect(await report(bot, 'completed')).toEqual({ status: 'ignored' });
    const [finished, ...more] = await eventsOf(stores, user.userId, 'meeting.finished');
    expect(more).toEqual([]);
    expect(finished!.data).toMatchObject({
      meeting_id: meeting.id,
      segment_count: 2,
      checksum: 'sum',
      incomplete: false,
    });
    expect(await eventsOf(stores, user.userId, 'meeting.started')).toHaveLength(1);
  });

  it('is told to its customer at once, with a signature that can be checked', async () => {
    const secret = 'a-secret-of-the-tests';
    const received: { type: string }[] = [];
    const receiver = createServer(async (request, response) => {
      const body = await text(request);
      verifyWebhook([secret], request.headers as Record<string, string>, body);
      received.push(JSON.parse(body));
      response.writeHead(202).end();
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address() as AddressInfo;
    const hook = {
      webhook_url: `http://127.0.0.1:${port}/`,
      webhook_secret: secret,
      webhook_events: ['meeting.finished'],
    };
    expect((await user('PUT', '/user/webhook', hook)).status).toBe(200);
    const { meeting, bot } = await active('told');
    await report(bot, 'completed', { completion_reason: 'left_alone' });
    await waitFor('the webhook', () => received.length > 0);
    expect(received).toMatchObject([
      { type: 'meeting.finished', data: { meeting_id: meeting.id, status: 'completed' } },
    ]);
    receiver.close();
    receiver.closeAllConnections();
  });

  it('publishes each status to live readers', async () => {
    const redis = connectBlockingRedis(stores.redisUrl, createLogger('test', 'silent'));
    const heard: string[] = [];
    redis.on('pmessage', (_pattern, _channel, message) => heard.push(JSON.parse(message).status));
    await redis.psubscribe(channels.meetingStatus(0).replace(':0:', ':*:'));
    const { bot } = await active('heard');
    await report(bot, 'completed');
    await waitFor('all of them', () => heard.includes('completed'));
    expect(heard).toEqual(['joining', 'awaiting_admission', 'active', 'stopping', 'completed']);
    redis.disconnect();
  });

  it('does not end before the collector has everything, and is stopping meanwhile', async () => {
    collector.answer = () => ({ ...twoSegments, drained: false });
    const { bot } = await active('slow');
    await report(bot, 'completed', { completion_reason: 'left_alone' });
    await waitFor('several questions', () => collector.drains.length > 2);
    expect((await user('GET', '/meetings/local/slow')).body.status).toBe('stopping');
    collector.answer = () => twoSegments;
    expect(await untilStatus(user, 'slow', 'completed')).toMatchObject({ completion_reason: 'left_alone' });
    expect(collector.drains.every(({ force }) => !force)).toBe(true);
  });

  it('that heard nothing says so', async () => {
    collector.answer = () => nothingSaid;
    const { bot } = await active('silent');
    await report(bot, 'heartbeat', { audio_seconds_heard: 42 });
    await report(bot, 'completed', { exit_code: 0 });
    const done = await untilStatus(user, 'silent', 'completed');
    expect(done.completion_reason).toBe('completed_empty');
    expect(done.data.completed_empty).toEqual({ audio_seconds_heard: 42 });
    const { bot: next } = await active('silent-2');
    await report(next, 'completed', { completion_reason: 'left_alone' });
    const other = await untilStatus(user, 'silent-2', 'completed');
    expect(other.completion_reason).toBe('left_alone');
    expect(other.data.completed_empty).toEqual({ audio_seconds_heard: 0 });
  });

  it('that could not be joined fails with the reason and the stage', async () => {
    await subscribe();
    const { bot } = await start('rejected');
    await report(bot, 'joining');
    await report(bot, 'awaiting_admission');
    const reason = 'The host said no.';
    await report(bot, 'failed', { completion_reason: 'awaiting_admission_rejected', reason, exit_code: 1 });
    const done = await untilStatus(user, 'rejected', 'failed');
    expect(done).toMatchObject({
      completion_reason: 'awaiting_admission_rejected',
      failure_stage: 'awaiting_admission',
    });
    expect((done.data.status_transition as unknown[]).at(-1)).toMatchObject({ to: 'failed', reason });
    expect(await eventsOf(stores, user.userId, 'bot.failed')).toHaveLength(1);
    expect(await eventsOf(stores, user.userId, 'meeting.finished')).toHaveLength(1);
  });

  it('takes reports in the order of the state machine and each only once', async () => {
    const { bot } = await active('ordered');
    expect(await report(bot, 'active')).toEqual({ status: 'processed' });
    expect(await report(bot, 'joining')).toEqual({ status: 'ignored' });
    const meeting = await untilStatus(user, 'ordered', 'active');
    expect(statusesOf(meeting)).toEqual(['requested', 'joining', 'awaiting_admission', 'active']);
  });
});

describe('a stop', () => {
  it('reaches the bot, is answered the same again, and wins over what the bot says later', async () => {
    const { bot } = await active('stopped');
    const redis = connectBlockingRedis(stores.redisUrl, createLogger('test', 'silent'));
    const commands: unknown[] = [];
    redis.on('message', (_channel, message) => commands.push(JSON.parse(message)));
    await redis.subscribe(channels.botCommands(bot.config.connectionId));
    const first = await user('DELETE', '/bots/local/stopped');
    expect([first.status, first.body]).toEqual([202, { message: 'Stop request accepted and is being processed.' }]);
    expect((await user('DELETE', '/bots/local/stopped')).body).toEqual(first.body);
    await waitFor('the command', () => commands.length > 0);
    expect(commands[0]).toEqual({ action: 'leave' });
    expect(await report(bot, 'active')).toEqual({ status: 'ignored', command: 'leave' });
    expect(await report(bot, 'heartbeat')).toEqual({ status: 'processed', command: 'leave' });
    await report(bot, 'failed', { completion_reason: 'evicted', reason: 'too late' });
    const done = await untilStatus(user, 'stopped', 'completed');
    expect(done).toMatchObject({ completion_reason: 'stopped', failure_stage: null });
    const again = await user('DELETE', '/bots/local/stopped');
    expect([again.status, again.body]).toEqual([202, { message: 'Meeting already completed.' }]);
    redis.disconnect();
  });

  it('before the bot is in says so', async () => {
    const { bot } = await start('early');
    await report(bot, 'joining');
    await user('DELETE', '/bots/local/early');
    expect(await report(bot, 'awaiting_admission')).toEqual({ status: 'ignored', command: 'leave' });
    await report(bot, 'completed', { completion_reason: 'stopped' });
    expect(await untilStatus(user, 'early', 'completed')).toMatchObject({
      completion_reason: 'stopped_before_admission',
    });
  });

  it('of a meeting that is not there, or is somebody else’s, is 404', async () => {
    await start('mine');
    const other = await newUser(stores, manager);
    expect((await other('DELETE', '/bots/local/mine')).status).toBe(404);
    expect((await user('DELETE', '/bots/local/nowhere')).status).toBe(404);
  });
});

describe('starting a bot', () => {
  it('50 times at once against a limit of 5 starts exactly 5', async () => {
    const rooms = Array.from({ length: 50 }, (_, n) => ({ platform: 'local', native_meeting_id: `many-${n}` }));
    const answers = await Promise.all(rooms.map((room) => user('POST', '/bots', room)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(45);
    expect(refused[0]!.body.code).toBe('concurrent_bot_limit');
    expect(refused[0]!.headers.get('retry-after')).toBe('30');
    expect(runner.started).toHaveLength(5);
    expect((await user('GET', '/bots/status')).body.running_bots).toHaveLength(5);
  });

  it('in the same room twice is 409, until the first has ended', async () => {
    const { bot } = await active('again');
    const room = { platform: 'local', native_meeting_id: 'again' };
    const second = await user('POST', '/bots', room);
    expect([second.status, second.body.code]).toEqual([409, 'meeting_already_active']);
    await report(bot, 'completed');
    const ended = await untilStatus(user, 'again', 'completed');
    const third = await user('POST', '/bots', room);
    expect(third.status).toBe(201);
    expect(third.body.id).not.toBe(ended.id);
    expect((await user('GET', `/meetings/local/again?meeting_id=${ended.id}`)).body.id).toBe(ended.id);
    expect((await user('GET', '/meetings/local/again')).body.id).toBe(third.body.id);
  });

  it('frees the place once the bot has left, though the meeting is not finished', async () => {
    collector.answer = () => ({ ...twoSegments, drained: false });
    user = await newUser(stores, manager, { limit: 1 });
    const { bot } = await active('first');
    expect((await user('POST', '/bots', { platform: 'local', native_meeting_id: 'second' })).status).toBe(429);
    await report(bot, 'completed');
    await untilStatus(user, 'first', 'stopping');
    expect((await user('POST', '/bots', { platform: 'local', native_meeting_id: 'second' })).status).toBe(201);
  });

  it('over the capacity of the deployment is 503 and leaves no meeting', async () => {
    await using full = await startManager(stores, { collector, runner, env: { MAX_BOTS: '1' } });
    const client = await newUser(stores, full);
    expect((await client('POST', '/bots', { platform: 'local', native_meeting_id: 'one' })).status).toBe(201);
    const second = await client('POST', '/bots', { platform: 'local', native_meeting_id: 'two' });
    expect([second.status, second.body.code, second.headers.get('retry-after')]).toEqual([503, 'no_capacity', '30']);
    expect((await client('GET', '/meetings')).body.meetings).toHaveLength(1);
  });

  it.each([
    ['unavailable', new Error('no runtime')],
    ['no_capacity', new NoCapacityError('no room')],
  ])('that the runner cannot start is 503 %s, and the meeting fails', async (code, error) => {
    runner.refuse = error;
    const answer = await user('POST', '/bots', { platform: 'local', native_meeting_id: 'refused' });
    expect([answer.status, answer.body.code]).toEqual([503, code]);
    const done = await untilStatus(user, 'refused', 'failed');
    expect(done).toMatchObject({ completion_reason: 'join_failure', failure_stage: 'requested' });
  });

  it('with the same idempotency key starts one bot and gives one answer', async () => {
    const room = { platform: 'local', native_meeting_id: 'idem' };
    const key = { 'idempotency-key': 'k-1' };
    const first = await user('POST', '/bots', room, key);
    const second = await user('POST', '/bots', room, key);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    const other = await user('POST', '/bots', { ...room, native_meeting_id: 'other' }, key);
    expect([other.status, other.body.detail[0].loc]).toEqual([422, ['header', 'Idempotency-Key']]);
    const bad = await user('POST', '/bots', room, { 'idempotency-key': 'x'.repeat(256) });
    expect([bad.status, bad.body.detail[0].loc]).toEqual([422, ['header', 'idempotency-key']]);
    const storm = await Promise.all(
      Array.from({ length: 8 }, () =>
        user('POST', '/bots', { ...room, native_meeting_id: 'storm' }, { 'idempotency-key': 'k-2' }),
      ),
    );
    for (const { status, body } of storm)
      expect(status === 201 || (status === 409 && body.code === 'conflict')).toBe(true);
    expect(runner.started).toHaveLength(2);
  });

  it('takes the link instead of the id, and gives the bot the link with its passcode', async () => {
    const meeting_url = 'acme.zoom.us/j/1234567890?pwd=a%20b&uname=Ann';
    const { status, body } = await user('POST', '/bots', { meeting_url });
    expect([status, body.platform, body.native_meeting_id]).toEqual([201, 'zoom', '1234567890']);
    expect(runner.started.at(-1)?.config).toMatchObject({
      platform: 'zoom',
      meetingUrl: 'https://zoom.us/j/1234567890?pwd=a%20b',
    });
  });

  it.each([
    [{ platform: 'myspace', native_meeting_id: 'abc' }, ['body', 'platform']],
    [{ platform: 'google_meet', native_meeting_id: 'ABC' }, ['body', 'native_meeting_id']],
    [{ platform: 'local' }, ['body', 'native_meeting_id']],
    [{ meeting_url: 'https://zoom.us/my/ann' }, ['body', 'meeting_url']],
    [{ meeting_url: 'https://zoom.us/j/1234567890', platform: 'teams' }, ['body', 'platform']],
    [{ platform: 'local', native_meeting_id: 'room', language: 'English' }, ['body', 'language']],
    [{ platform: 'local', native_meeting_id: 'room', model_identifier: 'a\u0000b' }, ['body', 'model_identifier']],
  ])('with bad input %j names the field', async (body, loc) => {
    const answer = await user('POST', '/bots', body);
    expect(answer.status).toBe(422);
    expect(answer.body.detail).toContainEqual(expect.objectContaining({ loc }));
  });
});

describe('reconfiguring', () => {
  it('tells the bot in the meeting, and nobody else', async () => {
    const { bot } = await start('config');
    expect((await user('PUT', '/bots/local/config/config', { language: 'de' })).body.code).toBe('bot_not_active');
    await report(bot, 'joining');
    await report(bot, 'active');
    expect((await user('PUT', '/bots/local/config/config', { language: 'de' })).status).toBe(503);
    const redis = connectBlockingRedis(stores.redisUrl, createLogger('test', 'silent'));
    const commands: unknown[] = [];
    redis.on('message', (_channel, message) => commands.push(JSON.parse(message)));
    await redis.subscribe(channels.botCommands(bot.config.connectionId));
    expect((await user('PUT', '/bots/local/config/config', { language: 'de' })).status).toBe(202);
    await waitFor('the command', () => commands.length > 0);
    expect(commands).toEqual([{ action: 'reconfigure', language: 'de' }]);
    expect((await user('PUT', '/bots/local/config/config', {})).status).toBe(422);
    expect((await user('PUT', '/bots/local/nowhere/config', { language: 'de' })).status).toBe(404);
    redis.disconnect();
  });
});
