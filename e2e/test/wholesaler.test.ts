import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import type { Meeting } from '@vexa/shared/contracts/meeting';
import type { UsageQuote } from '@vexa/shared/contracts/usage';
import { ApiClient } from '@vexa/shared/testing/api-client';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { normaliseWords, wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { describe, expect, test } from 'vitest';
import { readClips } from '../src/demo/voices.ts';
import { OldApiClient, transcribeFile } from './old-clients.ts';
import { makeRoom } from './room.ts';
import { useStack } from './use-stack.ts';

const stack = useStack();

const patient = { deadlineMs: 120_000, everyMs: 250 };

async function newCustomer(maxConcurrentBots = 10) {
  const user = await stack.wholesalerAdmin.createUser(`${randomUUID()}@example.com`, maxConcurrentBots);
  return { user, client: new ApiClient(stack.urls.gateway, user.key) };
}

describe('a meeting', () => {
  /** Sends a bot into a room of its own; `visit` makes the meeting end. */
  async function attend(
    client: ApiClient,
    settings: { lobby?: boolean; automatic_leave?: Meeting['data'] },
    visit: (room: Awaited<ReturnType<typeof makeRoom>>, until: (status: string) => Promise<unknown>) => Promise<void>,
  ) {
    const { lobby = false, ...more } = settings;
    const room = await makeRoom(stack.urls.room, { lobby });
    const meeting = async () => (await client.meeting(room.id)).body;
    const isOver = ({ status }: Meeting) => status === 'completed' || status === 'failed';
    const comesTo = async (status: string) => {
      const now = await meeting();
      if (isOver(now)) throw new Error(`${room.id} ended before it was ${status}: ${JSON.stringify(now)}`);
      return now.status === status;
    };
    const started = await client.startBot(room.id, more);
    expect(started, JSON.stringify(started.body)).toMatchObject({ status: 201, body: { status: 'requested' } });
    await visit(room, (status) => waitFor(`${room.id} to be ${status}`, () => comesTo(status), patient));
    const ended = await waitFor(
      `${room.id} to end`,
      async () => {
        const now = await meeting();
        return isOver(now) && now;
      },
      patient,
    );
    const history = (ended.data.status_transition as { to: string }[]).map(({ to }) => to).join(' ');
    const { status, completion_reason, failure_stage } = ended;
    return { status, completion_reason, failure_stage, history };
  }

  test('says truthfully how it ended, in each of the ways it can', { timeout: 240_000 }, async () => {
    const { client } = await newCustomer();
    const atTheDoor = 'requested joining awaiting_admission';
    const noSooner = { max_wait_for_admission: 120_000, no_one_joined_timeout: 120_000 };
    const [letInLate, denied, unanswered, stopped, ended, empty, left] = await Promise.all([
      attend(client, { lobby: true, automatic_leave: noSooner }, async (room, until) => {
        await until('awaiting_admission');
        await room.admit();
        await until('active');
        await room.remove();
      }),
      attend(client, { lobby: true, automatic_leave: noSooner }, async (room, until) => {
        await until('awaiting_admission');
        await room.deny();
      }),
      attend(client, { lobby: true, automatic_leave: { max_wait_for_admission: 1_000 } }, async () => {}),
      attend(client, { lobby: true, automatic_leave: noSooner }, async (room, until) => {
        await until('awaiting_admission');
        expect((await client.stopBot(room.id)).status).toBe(202);
      }),
      attend(client, { automatic_leave: noSooner }, async (room, until) => {
        await until('active');
        await room.end();
      }),
      attend(client, { automatic_leave: { no_one_joined_timeout: 1_000 } }, async () => {}),
      attend(client, { automatic_leave: { ...noSooner, max_time_left_alone: 1_000 } }, async (room, until) => {
        await using guest = await room.join('Guest');
        await until('active');
        await waitFor('the guest to see the bot', () => guest.participants().some(({ kind }) => kind === 'bot'));
      }),
    ]);
    expect({ letInLate, denied, unanswered, stopped, ended, empty, left }).toEqual({
      letInLate: completed('evicted', `${atTheDoor} active`),
      denied: refused('awaiting_admission_rejected', atTheDoor),
      unanswered: refused('awaiting_admission_timeout', atTheDoor),
      stopped: completed('stopped_before_admission', atTheDoor),
      ended: completed('meeting_ended', 'requested joining active'),
      empty: completed('startup_alone', 'requested joining active'),
      left: completed('left_alone', 'requested joining active'),
    });
    expect((await client.call<{ running_bots: unknown[] }>('GET', '/bots/status')).body.running_bots).toEqual([]);
  });
});

test('a client of 2025 runs a meeting in which people come late, mute, drop out and talk over each other', {
  timeout: 240_000,
}, async () => {
  const { user } = await newCustomer(1);
  const old = new OldApiClient(stack.urls.gateway, user.key);
  const clips = await readClips();
  const clip = (name: string) => clips.get(`${name}.wav`) ?? { path: '', reference: name };
  const room = await makeRoom(stack.urls.room);
  await using ann = await room.join('Ann');

  const requested = await old.requestBot('local', room.id, { bot_name: 'OldBot', task: 'transcribe' });
  expect(requested).toMatchObject({ id: expect.any(Number), user_id: user.id, status: 'requested', end_time: null });
  await expect(old.requestBot('local', room.id)).rejects.toThrow(/^409: \w/);
  await waitFor('active', async () => (await old.meetingById('local', room.id))?.status === 'active', patient);
  expect(await old.runningBots()).toMatchObject([
    { container_id: expect.any(String), platform: 'local', native_meeting_id: room.id, labels: expect.any(Object) },
  ]);

  const heard = async (name: string) => {
    const { segments } = (await old.transcript('local', room.id)) as { segments: { speaker: string; text: string }[] };
    const own = segments.filter(({ speaker }) => speaker === name);
    return own.map(({ text }) => text).join(' ');
  };
  const first = ann.speak(clip('lv-sense-0890').path);
  const [late] = await Promise.all([
    room.join('Bob'),
    old.updateBotConfig('local', room.id, { language: 'fr', task: 'translate' }), // in the middle of the sentence
  ]);
  await first;
  late.mute();
  await Promise.all([late.speak(clip('sb-spk1_snt5').path), ann.speak(clip('lv-sense-0880').path)]);
  late.unmute();
  await Promise.all([late.speak(clip('sb-spk1_snt1').path), ann.speak(clip('lv-sense-0920').path)]);
  await late.vanish();
  await using back = await room.join('Bob');
  await waitFor('Bob to be heard again', async () => {
    await back.speak(clip('sb-spk1_snt4').path);
    return (await heard('Bob')).includes('middle');
  });
  expect((await old.stopBot('local', room.id)).message).toBe('Stop request accepted and is being processed.');
  await waitFor('the end', async () => (await old.meetingById('local', room.id))?.status === 'completed', patient);

  for (const name of ['lv-sense-0890', 'lv-sense-0880', 'lv-sense-0920']) {
    expect(shareHeard(clip(name), await heard('Ann')), `${name} in: ${await heard('Ann')}`).toBeGreaterThan(0.5);
  }
  expect(shareHeard(clip('sb-spk1_snt1'), await heard('Bob')), await heard('Bob')).toBeGreaterThan(0.5);
  expect(normaliseWords(`${await heard('Ann')} ${await heard('Bob')}`)).not.toContain('sunday');
  const transcript = await old.transcript('local', room.id);
  expect(transcript).toMatchObject({ id: requested.id, status: 'completed', start_time: expect.any(String) });
  expect((transcript.segments as unknown[])[0]).toMatchObject({
    start: expect.any(Number),
    end: expect.any(Number),
    text: expect.any(String),
    language: 'en',
    speaker: 'Ann',
    created_at: expect.any(String),
    absolute_start_time: expect.any(String),
    absolute_end_time: expect.any(String),
  });
  const named = await old.updateMeetingData('local', room.id, { name: 'Planning', participants: ['Ann', 'Bob'] });
  expect(named.data).toMatchObject({
    name: 'Planning',
    participants: ['Ann', 'Bob'],
    language: 'fr',
    task: 'translate',
  });
  expect((await old.stopBot('local', room.id)).message).toBe('Meeting already completed.');
  expect((await old.setWebhookUrl('http://127.0.0.1:9/hook')).webhook_url).toBe('http://127.0.0.1:9/hook');
  expect(await old.deleteMeeting('local', room.id)).toMatchObject({ message: expect.any(String) });
  expect(await heard('Ann')).toBe('');
});

test('the curl commands of the first version, with a key added, pass as a script', { timeout: 120_000 }, async () => {
  const { user, client } = await newCustomer(1);
  const script = fileURLToPath(new URL('../../scripts/first-version.sh', import.meta.url));
  const { stdout } = await promisify(execFile)(script, [stack.urls.gateway, user.key]);
  expect(stdout).toContain('All as in the first version.');
  const isOver = async () => (await client.meeting('meeting456')).body.end_time !== null;
  await waitFor('the meeting to be over', isOver, patient);
});

test('a plan allows its models, its seconds and its bots at once, whatever comes at the same moment', {
  timeout: 240_000,
}, async () => {
  const { user, client } = await newCustomer();
  const give = async (model_identifier: string, max_seconds: number | null) => {
    const limits = [{ model_identifier, max_seconds }];
    const plan = { name: randomUUID(), max_concurrent_bots: 2, model_limits: limits };
    const { id } = await stack.wholesalerAdmin.post('/admin/plans', plan);
    const period_start = new Date(Date.now() - 3_600_000).toISOString();
    await stack.wholesalerAdmin.post(`/admin/users/${user.id}/plan`, { plan_id: id, period_start });
  };
  const rooms = await Promise.all(Array.from({ length: 50 }, () => makeRoom(stack.urls.room)));
  const refusal = async (more: Record<string, unknown> = {}) => {
    const { status, body } = await client.startBot(`late-${randomUUID()}`, more);
    const { code, detail } = body as unknown as { code: string; detail: unknown };
    return { status, code, detail: JSON.stringify(detail) };
  };

  await give('small', null);
  expect(await refusal()).toMatchObject({
    status: 403,
    code: 'plan_limit',
    detail: expect.stringContaining('tiny.en'),
  });
  const unknown = await refusal({ model_identifier: 'enormous' });
  expect(unknown).toMatchObject({ status: 422, detail: expect.stringContaining('tiny.en') });

  await give('tiny.en', 2);
  const starts = await Promise.all(rooms.map(({ id }) => client.startBot(id)));
  expect(starts.map(({ status }) => status).sort()).toEqual([201, 201, ...Array(48).fill(429)]);
  const [mine, other] = starts.filter(({ status }) => status === 201).map(({ body }) => body);
  if (!mine || !other) throw new Error('two bots were started');

  // Whoever brings the sound themselves uses the plan's seconds as a bot's sound does.
  const claims = { meeting_id: mine.id, user_id: user.id, connection_id: randomUUID() };
  const token = await signSessionToken(stack.sessionTokenSecret, claims);
  const { path, reference } = (await readClips()).get('jfk.wav') ?? { path: '', reference: '' };
  const options = { uid: randomUUID(), language: 'en', task: 'transcribe', model: 'tiny.en', use_vad: true };
  const whose = { token, platform: 'local', meeting_id: String(mine.id), meeting_url: 'https://example.com' };
  const shown = await transcribeFile(stack.urls.audio, { ...options, ...whose }, path);
  expect(wordErrorRate(reference, shown.map(({ text }) => text).join(' ')).wer, JSON.stringify(shown)).toBeLessThan(
    0.3,
  );
  const quote = await waitFor(
    'the seconds to be used up',
    async () => {
      const { body } = await client.call<UsageQuote>('GET', '/usage/quote');
      return body.models.some(({ remaining_seconds }) => remaining_seconds === 0) && body;
    },
    patient,
  );
  expect(quote).toMatchObject({ models: [{ model_identifier: 'tiny.en', limit_seconds: 2 }] });
  expect(quote.concurrent_bots).toEqual({ used: 2, limit: 2 });
  expect((await client.stopBot(mine.native_meeting_id)).status).toBe(202);
  const isOver = async () => (await client.meeting(mine.native_meeting_id)).body.status === 'completed';
  await waitFor('the meeting to be over', isOver, patient);
  expect(await refusal()).toMatchObject({ status: 403, code: 'plan_limit' });
  const kept = (await client.transcript(mine.native_meeting_id)).body.segments.map(({ text }) => text).join(' ');
  expect(wordErrorRate(reference, kept).wer).toBeLessThan(0.3);
  // A bot that runs already goes on.
  expect(['requested', 'joining', 'active']).toContain((await client.meeting(other.native_meeting_id)).body.status);
});

/** The share of the words of a recording that are in the text. */
function shareHeard({ reference }: { reference: string }, text: string): number {
  const words = normaliseWords(reference);
  const heard = new Set(normaliseWords(text));
  return words.filter((word) => heard.has(word)).length / words.length;
}

/** A meeting is `stopping` while its last words are brought in. */
const completed = (completion_reason: string, history: string) => ({
  status: 'completed',
  completion_reason,
  failure_stage: null,
  history: `${history} stopping completed`,
});

const refused = (completion_reason: string, history: string) => ({
  status: 'failed',
  completion_reason,
  failure_stage: 'awaiting_admission',
  history: `${history} failed`,
});
