import { setTimeout as wait } from 'node:timers/promises';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { type FlushDeps, flushMeetingIfFree } from './flush-meeting.ts';
import { activeMeetings, holdsOlderThan } from './mutable-store.ts';

interface FlushLoopDeps extends FlushDeps {
  logger: Logger;
  intervalMs: number;
}

export interface FlushLoop extends AsyncDisposable {
  /** Flushes a meeting without waiting for its turn. */
  nudge(meetingId: number): void;
}

// Fewer than the connections to Postgres, of which readers need some.
const flushesAtOnce = 4;

/** Looks after every active meeting each interval. Several collectors may do so: each meeting is flushed by one at a time. */
export function startFlushLoop(deps: FlushLoopDeps): FlushLoop {
  const stopping = new AbortController();
  const nudged = new Set<number>();
  const loop = run(deps, nudged, stopping.signal);
  return {
    nudge: (meetingId) => void nudged.add(meetingId),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await loop;
    },
  };
}

async function run(deps: FlushLoopDeps, nudged: Set<number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const urgent = new Set(nudged);
      nudged.clear();
      const left = (await activeMeetings(deps.redis)).values();
      const worker = async () => {
        for (const meetingId of left) {
          if (signal.aborted) return;
          if (!urgent.has(meetingId) && !(await isDue(deps, meetingId))) continue;
          if (!(await flushOne(deps, meetingId)) && urgent.has(meetingId)) nudged.add(meetingId);
        }
      };
      await Promise.all(Array.from({ length: flushesAtOnce }, worker));
    } catch (error) {
      deps.logger.warn(errorFields(error), 'flush will be tried again');
    }
    await wait(deps.intervalMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** False when it has to be done again. One meeting that cannot be flushed must not hold up the others. */
async function flushOne(deps: FlushLoopDeps, meetingId: number): Promise<boolean> {
  try {
    return await flushMeetingIfFree(deps, meetingId);
  } catch (error) {
    deps.logger.warn({ ...errorFields(error), meeting_id: meetingId }, 'meeting will be flushed later');
    return false;
  }
}

/** Old drafts count too: they are stuck, and the flush knows whether they are void or of a purged meeting. */
const isDue = ({ redis, thresholdMs }: FlushLoopDeps, meetingId: number): Promise<boolean> =>
  holdsOlderThan(redis, meetingId, thresholdMs);
