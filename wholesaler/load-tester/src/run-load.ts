import { join } from 'node:path';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { brokenPromises } from './broken-promises.ts';
import type { LoadConfig } from './config.ts';
import type { StepResult } from './measure-step.ts';
import { runStep } from './run-step.ts';
import { type MeetingsResult, runMeetings } from './stack/run-meetings.ts';
import { loadVoices, speakable, type Voice } from './voices.ts';

export type Step = (StepResult | MeetingsResult) & { broken: string[] };

export interface LoadResult {
  url: string;
  steps: Step[];
  /** The most speakers, or meetings, at once with all promises kept. */
  capacity: number;
}

/** Goes up step by step until a promise breaks. `onStep` hears of each step as it ends. */
export async function runLoad(config: LoadConfig, onStep: (step: Step) => void): Promise<LoadResult> {
  const voices = speakable(loadVoices(join(config.voicesDir, 'manifest.tsv')));
  const steps: Step[] = [];
  let capacity = 0;
  for (const count of config.counts) {
    const result = await measure(config, count, voices);
    const step = { ...result, broken: brokenPromises(result, config.promises) };
    steps.push(step);
    onStep(step);
    if (step.broken.length > 0) break;
    capacity = Math.max(capacity, count);
  }
  return { url: config.target.url, steps, capacity };
}

/** Belongs to nobody: the collector, if there is one, refuses what it does not know. */
const meeting = { meeting_id: 2_147_483_647, user_id: 2_147_483_647, connection_id: 'load-test' };

async function measure({ target, seconds, language }: LoadConfig, count: number, voices: readonly Voice[]) {
  if ('key' in target) return runMeetings(target, { meetings: count, people: target.people, seconds, voices });
  const { url, sessionTokenSecret, model } = target;
  // A token lives for a while only.
  const token = await signSessionToken(sessionTokenSecret, meeting);
  const about = { token, platform: 'local', meeting_id: meeting.meeting_id, language, task: 'transcribe' };
  const config = (uid: string) => ({ ...about, uid, ...(model && { model }) });
  return runStep({ url, config }, { speakers: count, seconds, voices });
}
