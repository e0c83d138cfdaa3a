import type { CompletionReason } from '@vexa/shared/contracts/meeting';
import type { BotRun } from '../bots/bot-run-store.ts';
import { automaticLeaveOf, settingsOf } from '../bots/bot-settings.ts';
import type { LifecycleLimits } from '../config.ts';
import { isDecided } from '../finish/outcome.ts';
import type { MeetingRow } from '../meetings/meeting-store.ts';

export type Step =
  | { do: 'nothing' }
  /** The runner has this run's bot, and the row does not know it: its starter died in between. */
  | { do: 'adopt'; run: BotRun; containerId: string }
  | { do: 'end run'; run: BotRun; loss: 'bot_crashed' | 'bot_lost'; containerId?: string }
  | { do: 'give up'; run: BotRun; completionReason: CompletionReason; reason: string; containerId: string }
  | { do: 'ask to leave'; because: CompletionReason }
  | { do: 'kill'; run: BotRun; containerId: string }
  | { do: 'replace' }
  | { do: 'finish' };

export interface Seen {
  meeting: MeetingRow;
  /** Oldest first. */
  runs: BotRun[];
  /** Running bots by name: their ids. */
  running: ReadonlyMap<string, string>;
  now: Date;
  /** Since when somebody was here to hear heartbeats. */
  watchingSince: Date;
}

// The bot keeps these limits by itself; past them by this much it is not keeping them.
const botGraceMs = 60_000;

/** What the rows and the runner's list ask for next. Pure: two bot-managers that look at once see the same. */
export function nextStep(seen: Seen, limits: LifecycleLimits): Step {
  const { meeting, runs, running } = seen;
  const run = runs.at(-1);
  if (!run || run.ended_at) return mayReplace(seen, limits) ? { do: 'replace' } : { do: 'finish' };
  const containerId = running.get(run.container_name);
  if (containerId === undefined) {
    const launching = run.container_id === null && since(seen, run.started_at) < limits.launchMs;
    return launching ? { do: 'nothing' } : { do: 'end run', run, loss: 'bot_crashed' };
  }
  if (run.container_id === null && since(seen, run.started_at) >= limits.launchMs)
    return { do: 'adopt', run, containerId };
  const heardOf = run.last_seen_at > seen.watchingSince ? run.last_seen_at : seen.watchingSince;
  if (since(seen, heardOf) >= limits.heartbeatMs) return { do: 'end run', run, loss: 'bot_lost', containerId };
  return overdue(seen, limits, { run, containerId, forMs: since(seen, statusSince(meeting)) });
}

/** Whether a meeting that its bot left without a word gets another one. */
export function mayReplace({ meeting, runs }: Pick<Seen, 'meeting' | 'runs'>, limits: LifecycleLimits): boolean {
  const last = runs.at(-1);
  if (!last?.ended_at || isDecided(meeting, last) || runs.length > limits.botRestarts) return false;
  const neverStarted = meeting.status === 'requested' && last.container_id === null;
  return meeting.status === 'active' || neverStarted;
}

interface Bot {
  run: BotRun;
  containerId: string;
  /** How long the meeting has had its status. */
  forMs: number;
}

function overdue({ meeting }: Seen, limits: LifecycleLimits, { run, containerId, forMs }: Bot): Step {
  const giveUp = (completionReason: CompletionReason, reason: string): Step => ({
    do: 'give up',
    run,
    containerId,
    completionReason,
    reason,
  });
  const leave = automaticLeaveOf(settingsOf(meeting.data));
  switch (meeting.status) {
    case 'requested':
      if (forMs >= limits.requestedMs) return giveUp('join_failure', 'The bot did not begin to join in time.');
      break;
    case 'joining':
      if (forMs >= limits.joiningMs) return giveUp('join_failure', 'The bot did not reach the meeting in time.');
      break;
    case 'awaiting_admission':
      if (forMs >= leave.waitingRoomTimeout + botGraceMs) {
        return giveUp('awaiting_admission_timeout', 'Nobody let the bot in.');
      }
      break;
    case 'needs_human_help':
      if (forMs >= limits.needsHelpMs) return giveUp('awaiting_admission_timeout', 'Nobody helped the bot in.');
      break;
    case 'active':
      if (forMs >= leave.maxBotTime + botGraceMs) return { do: 'ask to leave', because: 'max_bot_time_exceeded' };
      break;
    case 'stopping':
      if (forMs >= limits.stoppingMs) return { do: 'kill', run, containerId };
      break;
    default:
      break;
  }
  return { do: 'nothing' };
}

const since = ({ now }: Seen, time: Date): number => now.getTime() - time.getTime();

/** When the meeting came to its status; a bot that was replaced while active does not start it anew. */
export function statusSince({ data, status, created_at }: MeetingRow): Date {
  const entry = data.status_transition?.findLast(({ to, from }) => to === status && from !== status);
  return entry ? new Date(entry.timestamp) : created_at;
}
