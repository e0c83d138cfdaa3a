import { botRuns, meetingSessions, meetings, transcriptions } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AdminApi, fieldProblem, problem, startAdminApi } from './fixture.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api?.stack.disposeAsync());

const call: AdminApi['call'] = (...args) => api.call(...args);
let made = 0;

async function newMeeting(userId: number, values: Partial<typeof meetings.$inferInsert> = {}) {
  const [meeting] = await api.db
    .insert(meetings)
    .values({ user_id: userId, platform: 'local', platform_specific_id: `room-${++made}`, ...values })
    .returning();
  return meeting!;
}

const newSession = (meetingId: number, seconds: number, values: Partial<typeof meetingSessions.$inferInsert> = {}) =>
  api.db.insert(meetingSessions).values({
    meeting_id: meetingId,
    session_uid: `session-${++made}`,
    session_start_time: new Date(),
    model_identifier: 'small',
    total_segment_duration_seconds: seconds,
    ...values,
  });

async function givePlan(userId: number, limits: object[], max_concurrent_bots = 3) {
  const plan = await call('POST', '/admin/plans', {
    name: `Plan ${++made}`,
    max_concurrent_bots,
    model_limits: limits,
  });
  await call('POST', `/admin/users/${userId}/plan`, { plan_id: plan.body.id, renews: 'month' });
  return plan.body;
}

describe('GET /usage/quote', () => {
  test('tells what was used, what is left and until when, running meetings included', async () => {
    const user = await api.newUser();
    const plan = await givePlan(user.id, [
      { model_identifier: 'small', max_seconds: 100 },
      { model_identifier: 'tiny', max_seconds: null },
    ]);
    const ended = await newMeeting(user.id, {
      status: 'completed',
      start_time: new Date(Date.now() + 1_000),
      end_time: new Date(Date.now() + 61_000),
    });
    const running = await newMeeting(user.id, { status: 'active' });
    await newSession(ended.id, 30.25, { ended_at: new Date() });
    await newSession(running.id, 10.5);
    await newSession(running.id, 7, { model_identifier: 'large' });
    const { status, body } = await api.callAs(user, 'GET', '/usage/quote');
    expect(status).toBe(200);
    expect(body).toEqual({
      user_id: user.id,
      plan: { id: plan.id, name: plan.name },
      period: { start: expect.stringMatching(/Z$/), end: expect.stringMatching(/Z$/) },
      models: [
        { model_identifier: 'large', used_seconds: 7, limit_seconds: 0, remaining_seconds: 0 },
        { model_identifier: 'small', used_seconds: 40.75, limit_seconds: 100, remaining_seconds: 59.25 },
        { model_identifier: 'tiny', used_seconds: 0, limit_seconds: null, remaining_seconds: null },
      ],
      concurrent_bots: { used: 1, limit: 3 },
      meeting_seconds: 60,
    });
    const one = await api.callAs(user, 'GET', '/usage/quote?model_identifier=small');
    expect(one.body.models).toEqual([body.models[1]]);
  });

  test("tells nothing of anybody else's, and of somebody without a plan only what they used", async () => {
    const [mine, theirs] = [await api.newUser(), await api.newUser()];
    await newSession((await newMeeting(theirs.id, { status: 'active' })).id, 99);
    const { body } = await api.callAs(mine, 'GET', '/usage/quote');
    expect(body).toMatchObject({ plan: null, models: [], concurrent_bots: { used: 0, limit: 1 }, meeting_seconds: 0 });
    const other = await api.callAs(theirs, 'GET', '/usage/quote');
    expect(other.body.models).toEqual([
      { model_identifier: 'small', used_seconds: 99, limit_seconds: null, remaining_seconds: null },
    ]);
  });

  test('needs an identity, of a user that is there', async () => {
    const stranger = await call('GET', '/usage/quote');
    expect([stranger.status, stranger.body]).toEqual([401, problem(401, 'unauthorized')]);
    const deleted = await api.callAs({ id: 2_000_000_000, email: 'x@example.com' }, 'GET', '/usage/quote');
    expect([deleted.status, deleted.body]).toEqual([404, problem(404, 'not_found')]);
    const bad = await api.callAs(await api.newUser(), 'GET', `/usage/quote?model_identifier=${'x'.repeat(65)}`);
    expect([bad.status, bad.body]).toEqual([422, fieldProblem('query', 'model_identifier')]);
  });
});

describe('GET /admin/internal/check_limits', () => {
  const check = async (userId: number, model = 'small') =>
    (await call('GET', `/admin/internal/check_limits?user_id=${userId}&model_identifier=${model}`)).body;

  test('says whether a bot could start, and if not why', async () => {
    const user = await api.newUser();
    await givePlan(user.id, [{ model_identifier: 'small', max_seconds: 60 }], 2);
    expect(await check(user.id)).toMatchObject({
      allowed: true,
      code: null,
      detail: null,
      used_seconds: 0,
      limit_seconds: 60,
      remaining_seconds: 60,
      concurrent_bots: { used: 0, limit: 2 },
    });
    expect(await check(user.id, 'large')).toMatchObject({ allowed: false, code: 'plan_limit' });
    const meeting = await newMeeting(user.id, { status: 'active' });
    await newMeeting(user.id, { status: 'joining' });
    expect(await check(user.id)).toMatchObject({ allowed: false, code: 'concurrent_bot_limit' });
    await newSession(meeting.id, 61);
    expect(await check(user.id)).toMatchObject({ allowed: false, code: 'plan_limit', remaining_seconds: 0 });
  });
});

describe('analytics', () => {
  test('list meetings newest first with whose they are, and nothing that was said or written', async () => {
    const user = await api.newUser();
    const older = await newMeeting(user.id);
    const newer = await newMeeting(user.id, {
      meeting_url: 'https://meet.example/?pwd=passcode-1',
      data: { notes: 'a secret note' },
      metadata: { crm: 'secret' },
    });
    const record = {
      id: newer.id,
      user_id: user.id,
      platform: 'local',
      native_meeting_id: newer.platform_specific_id,
      status: 'requested',
      completion_reason: null,
      failure_stage: null,
      start_time: null,
      end_time: null,
      created_at: newer.created_at.toISOString(),
      updated_at: newer.updated_at.toISOString(),
    };
    const first = await call('GET', '/admin/analytics/meetings?limit=1');
    expect(first.body).toEqual([record]);
    const second = await call('GET', `/admin/analytics/meetings?limit=1&cursor=${first.headers.get('x-next-cursor')}`);
    expect(second.body[0].id).toBe(older.id);
    const withUsers = await call('GET', '/admin/stats/meetings-users?limit=1&skip=0');
    expect(withUsers.body).toEqual({
      total: expect.any(Number),
      items: [{ ...record, user: expect.objectContaining({ id: user.id, email: user.email }) }],
      next_cursor: expect.any(String),
    });
    expect(JSON.stringify([first.body, withUsers.body])).not.toMatch(/secret|passcode/);
  });

  test('list users with their plan and last meeting', async () => {
    const user = await api.newUser();
    const plan = await givePlan(user.id, []);
    const meeting = await newMeeting(user.id);
    const all = (await call('GET', '/admin/analytics/users?limit=200')).body;
    const record = all.find(({ id }: { id: number }) => id === user.id);
    expect(record).toMatchObject({
      email: user.email,
      plan: plan.name,
      last_meeting_at: meeting.created_at.toISOString(),
    });
    expect(record).not.toHaveProperty('data');
    const first = await call('GET', '/admin/analytics/users?limit=1');
    const second = await call('GET', `/admin/analytics/users?limit=1&cursor=${first.headers.get('x-next-cursor')}`);
    expect([...first.body, ...second.body]).toEqual(all.slice(0, 2));
  });

  test('tell how a meeting went', async () => {
    const user = await api.newUser();
    const at = (seconds: number) => new Date(Date.UTC(2026, 7, 1, 9, 0, seconds));
    const step = (from: string, to: string, seconds: number) =>
      ({ from, to, timestamp: at(seconds).toISOString(), source: 'bot' }) as never;
    const meeting = await newMeeting(user.id, {
      status: 'completed',
      created_at: at(0),
      start_time: at(12),
      end_time: at(72),
      data: {
        status_transition: [
          step('requested', 'joining', 1),
          step('joining', 'awaiting_admission', 4),
          step('awaiting_admission', 'active', 12),
        ],
      },
    });
    await newSession(meeting.id, 5, { audio_seconds: 60, speech_seconds: 6 });
    const run = { connection_id: `c-${made}`, meeting_id: meeting.id, container_name: `n-${made}` };
    await api.db.insert(botRuns).values({ ...run, started_at: at(0), ended_at: at(75) });
    const words = { meeting_id: meeting.id, session_uid: 's', text: 'hello', speaker: 'Ann', language: 'en' };
    await api.db.insert(transcriptions).values([
      { ...words, segment_id: 's:0', start_time: 0, end_time: 2 },
      { ...words, segment_id: 's:1', start_time: 2, end_time: 5, speaker: 'Bob' },
    ]);
    const { body } = await call('GET', `/admin/analytics/meetings/${meeting.id}/telematics`);
    expect(body).toMatchObject({
      meeting: { id: meeting.id, status: 'completed' },
      sessions: [
        { model_identifier: 'small', audio_seconds: 60, speech_seconds: 6, total_segment_duration_seconds: 5 },
      ],
      transcription_stats: {
        total_transcriptions: 2,
        total_duration: 5,
        unique_speakers: 2,
        languages_detected: ['en'],
      },
      performance_metrics: { join_time: 4, admission_time: 8, total_duration: 60, bot_uptime: 75 },
    });
    expect(body.status_transition).toHaveLength(3);
    expect(JSON.stringify(body)).not.toMatch(/hello|Ann/);
    await api.db
      .update(meetings)
      .set({ data: { redacted: true } })
      .where(eq(meetings.id, meeting.id));
    const redacted = await call('GET', `/admin/analytics/meetings/${meeting.id}/telematics`);
    expect(redacted.body).toMatchObject({
      performance_metrics: { join_time: null, admission_time: null },
      status_transition: [],
    });
  });

  test('tell what a user did', async () => {
    const user = await api.newUser();
    const hour = new Date('2026-08-01T15:30:00Z');
    await newMeeting(user.id, {
      status: 'completed',
      created_at: hour,
      start_time: hour,
      end_time: new Date(hour.getTime() + 90_000),
    });
    await newMeeting(user.id, { status: 'failed', platform: 'jitsi', created_at: hour });
    await newMeeting(user.id, { status: 'active', created_at: hour });
    const { body } = await call('GET', `/admin/analytics/users/${user.id}/details`);
    expect(body).toMatchObject({
      user: { id: user.id, email: user.email },
      meeting_stats: {
        total_meetings: 3,
        completed_meetings: 1,
        failed_meetings: 1,
        active_meetings: 1,
        total_duration: 90,
        average_duration: 90,
      },
      usage_patterns: {
        most_used_platform: 'local',
        peak_usage_hours: [15],
        last_activity: '2026-08-01T15:30:00.000Z',
      },
      usage: { user_id: user.id },
      api_tokens: [],
    });
    const idle = await call('GET', `/admin/analytics/users/${(await api.newUser()).id}/details`);
    expect(idle.body).toMatchObject({
      meeting_stats: { total_meetings: 0, total_duration: 0, average_duration: null },
      usage_patterns: { most_used_platform: null, meetings_per_day: 0, peak_usage_hours: [], last_activity: null },
    });
  });
});

describe('a user', () => {
  test('is not deleted while a bot is in a meeting for them', async () => {
    const user = await api.newUser();
    const meeting = await newMeeting(user.id, { status: 'stopping' });
    const refused = await call('DELETE', `/admin/users/${user.id}`);
    expect([refused.status, refused.body]).toEqual([409, problem(409, 'conflict')]);
    expect((await call('GET', `/admin/users/${user.id}`)).status).toBe(200);
    await api.db.update(meetings).set({ status: 'completed' }).where(eq(meetings.id, meeting.id));
    expect((await call('DELETE', `/admin/users/${user.id}`)).status).toBe(204);
    expect((await call('GET', '/admin/stats/meetings-users?limit=200')).body.items).toContainEqual(
      expect.objectContaining({ id: meeting.id, user: null }),
    );
  });
});
