import { setTimeout as delay } from 'node:timers/promises';
import { type Percentiles, percentilesOf, type StepResult, stepResult } from '../measure-step.ts';
import { RefusedError } from '../speaker.ts';
import { planSpeech } from '../speech-plan.ts';
import { seededRandom, sum } from '../statistics.ts';
import type { Voice } from '../voices.ts';
import { type HeldMeeting, holdMeeting, type StackTarget } from './hold-meeting.ts';
import { takeTurns } from './take-turns.ts';

export interface MeetingsResult extends StepResult {
  meetings: number;
  /** From the request for a bot to the moment when it was in the meeting. */
  joined: Percentiles;
}

interface MeetingsOptions {
  meetings: number;
  /** Who speak in turns, in each meeting. */
  people: number;
  seconds: number;
  voices: readonly Voice[];
}

/** Bots are asked for within this. */
const spreadMs = 2_000;

/** Holds so many meetings at once, each with a bot and with people who speak for about `seconds` together. */
export async function runMeetings(
  target: StackTarget,
  { meetings, people, seconds, voices }: MeetingsOptions,
): Promise<MeetingsResult> {
  const random = seededRandom(meetings);
  const run = Date.now().toString(36);
  const plans = Array.from({ length: meetings }, (_, speaker) =>
    takeTurns(planSpeech(voices, { seconds, speaker }), people),
  );
  const outcomes = await Promise.allSettled(
    plans.map(async (speeches, i) => {
      await delay(random() * spreadMs);
      return holdMeeting(target, `load-${run}-${i}`, speeches);
    }),
  );
  const held = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined));
  const failures: unknown[] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const errors = failures.filter((reason) => !(reason instanceof RefusedError));
  const said = plans.flatMap((speeches, meeting) =>
    speeches.map((speech, person) => ({ speech, ...heardOf(held[meeting], person) })),
  );
  return {
    meetings,
    joined: percentilesOf(held.flatMap((meeting) => meeting?.joinSeconds ?? [])),
    ...stepResult(said),
    // People speak in turns: what was said counts once.
    audioSeconds: sum(plans.map(([first]) => (first?.audio.length ?? 0) / 16_000)),
    reconnects: 0,
    refused: failures.length - errors.length,
    errors: errors.map(String),
  };
}

const heardOf = (meeting: HeldMeeting | undefined, person: number) =>
  meeting?.people[person] ?? { timeline: [], finals: [] };
