import { join } from 'node:path';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { brokenPromises } from './broken-promises.ts';
import type { LoadConfig } from './config.ts';
import { runStep, type StepResult } from './run-step.ts';
import { loadVoices, speakable } from './voices.ts';

export interface LoadResult {
  url: string;
  steps: (StepResult & { broken: string[] })[];
  /** The most who spoke at once with all promises kept. */
  capacity: number;
}

/** Belongs to nobody: the collector, if there is one, refuses what it does not know. */
const meeting = { meeting_id: 2_147_483_647, user_id: 2_147_483_647, connection_id: 'load-test' };

/** Goes up step by step until a promise breaks. `onStep` hears of each step as it ends. */
export async function runLoad(
  config: LoadConfig,
  onStep: (step: LoadResult['steps'][number]) => void,
): Promise<LoadResult> {
  const { url, seconds, language, model, promises } = config;
  const voices = speakable(loadVoices(join(config.voicesDir, 'manifest.tsv')));
  const steps: LoadResult['steps'] = [];
  for (const speakers of config.speakers) {
    // A token lives for a while only.
    const token = await signSessionToken(config.sessionTokenSecret, meeting);
    const about = { token, platform: 'local', meeting_id: meeting.meeting_id, language, task: 'transcribe' };
    const target = { url, config: (uid: string) => ({ ...about, uid, ...(model && { model }) }) };
    const result = await runStep(target, { speakers, seconds, voices });
    const step = { ...result, broken: brokenPromises(result, promises) };
    steps.push(step);
    onStep(step);
    if (step.broken.length > 0) break;
  }
  const kept = steps.filter(({ broken }) => broken.length === 0).map(({ speakers }) => speakers);
  return { url, steps, capacity: Math.max(0, ...kept) };
}
