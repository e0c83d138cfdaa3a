import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../test/default-limits.ts';
import type { BotRun } from '../bots/bot-run-store.ts';
import type { MeetingRow } from '../meetings/meeting-store.ts';
import { nextStep, type Seen, type Step, statusSince } from './next-step.ts';

const t0 = new Date('2026-08-01T09:00:00Z');
const after = (ms: number) => new Date(t0.getTime() + ms);

const meeting = (more: Partial<MeetingRow> = {}): MeetingRow => ({
  id: 1,
  user_id: 1,
  platform: 'local',
  platform_specific_id: 'room',
  meeting_url: null,
  status: 'active',
  completion_reason: null,
  failure_stage: null,
  bot_container_id: null,
  start_time: null,
  end_time: null,
  data: {},
  metadata: {},
  created_at: t0,
  updated_at: t0,
  expiry_told_at: null,
  redacted_at: null,
  ...more,
});
const run = (more: Partial<BotRun> = {}): BotRun => ({
  connection_id: 'c1',
  meeting_id: 1,
  container_id: 'id',
  container_name: 'bot',
  started_at: t0,
  last_seen_at: t0,
  ended_at: null,
  exit_code: null,
  audio_seconds_heard: 0,
  ...more,
});
const there = new Map([['bot', 'id']]);
const look = (more: Partial<Seen>): Step =>
  nextStep(
    { meeting: meeting(), runs: [run()], running: there, now: after(1_000), watchingSince: t0, ...more },
    defaultLimits,
  );

describe('the next step', () => {
  it('is nothing while the bot is there and heard of', () => {
    expect(look({})).toEqual({ do: 'nothing' });
  });

  it('waits for a bot that is being started, and misses one that never was', () => {
    const runs = [run({ container_id: null })];
    expect(look({ runs, running: new Map() })).toEqual({ do: 'nothing' });
    expect(look({ runs, running: new Map(), now: after(15_000) })).toMatchObject({
      do: 'end run',
      loss: 'bot_crashed',
    });
    expect(look({ runs, now: after(15_000) })).toMatchObject({ do: 'adopt', containerId: 'id' });
  });

  it('misses a bot whose process is gone at once, and a silent one after 35 s', () => {
    expect(look({ running: new Map() })).toMatchObject({ do: 'end run', loss: 'bot_crashed' });
    expect(look({ now: after(34_999) })).toEqual({ do: 'nothing' });
    expect(look({ now: after(35_000) })).toMatchObject({ do: 'end run', loss: 'bot_lost', containerId: 'id' });
  });

  it('counts silence only from when somebody listened', () => {
    expect(look({ now: after(100_000), watchingSince: after(90_000) })).toEqual({ do: 'nothing' });
  });

  const ended = run({ ended_at: after(10), exit_code: 137 });
  it.each<[string, Partial<MeetingRow>, Partial<BotRun>[], Step['do']]>([
    ['crashed while active', {}, [{}], 'replace'],
    ['crashed a second time', {}, [{}, { connection_id: 'c2' }], 'finish'],
    ['crashed before it was in', { status: 'joining' }, [{}], 'finish'],
    ['was never started', { status: 'requested' }, [{ container_id: null, exit_code: null }], 'replace'],
    ['crashed after a stop', { status: 'stopping', completion_reason: 'stopped' }, [{}], 'finish'],
    ['reported its end', { completion_reason: 'meeting_ended' }, [{ exit_code: 0 }], 'finish'],
    ['exited in good order', {}, [{ exit_code: 0 }], 'finish'],
    ['refused its configuration', { status: 'requested' }, [{ exit_code: 2, container_id: null }], 'finish'],
  ])('after a bot %s', (_what, of, runs, step) => {
    const list = runs.map((each) => ({ ...ended, ...each }));
    expect(look({ meeting: meeting(of), runs: list, running: new Map() }).do).toBe(step);
  });

  it.each<[MeetingRow['status'], number, Partial<Step>]>([
    ['requested', 60_000, { do: 'give up', completionReason: 'join_failure' }],
    ['joining', 180_000, { do: 'give up', completionReason: 'join_failure' }],
    ['awaiting_admission', 360_000, { do: 'give up', completionReason: 'awaiting_admission_timeout' }],
    ['needs_human_help', 600_000, { do: 'give up', completionReason: 'awaiting_admission_timeout' }],
    ['active', 14_460_000, { do: 'ask to leave', because: 'max_bot_time_exceeded' }],
    ['stopping', 30_000, { do: 'kill' }],
  ])('ends a meeting that is %s for %d ms, and no sooner', (status, ms, step) => {
    const at = (age: number) => look({ meeting: meeting({ status }), now: after(age), watchingSince: after(age) });
    expect(at(ms - 1)).toEqual({ do: 'nothing' });
    expect(at(ms)).toMatchObject(step);
  });

  it('waits in the lobby as long as the customer asked', () => {
    const data = { automatic_leave: { max_wait_for_admission: 5_000 } };
    const waiting = meeting({ status: 'awaiting_admission', data });
    expect(look({ meeting: waiting, now: after(65_000), watchingSince: after(65_000) }).do).toBe('give up');
  });
});

describe('the time in a status', () => {
  it('is counted from the change to it, not from a replaced bot', () => {
    const entry = (from: MeetingRow['status'], ms: number) => ({
      from,
      to: 'active' as const,
      timestamp: after(ms).toISOString(),
      source: 'bot',
    });
    const data = { status_transition: [entry('joining', 5), entry('active', 900)] };
    expect(statusSince(meeting({ data }))).toEqual(after(5));
  });
});
