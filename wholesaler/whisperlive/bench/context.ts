import type { Voice } from '@vexa/load-tester/voices';
import { availableVoices } from '@vexa/load-tester/voices';
import { defaultModelsDir } from '../src/models/models-dir.ts';
import type { Report } from './measure/report.ts';
import { type Environment, ensurePeers, type Peers } from './peers/set-up.ts';

/** What every measurement is given. */
export interface Context {
  report: Report;
  env: Environment;
  modelsDir: string;
  models: readonly string[];
  voices: readonly Voice[];
  /** Undefined where they were not wanted or could not be installed. */
  peers: Peers | undefined;
  quick: boolean;
  soakMinutes: number;
  /** For one who looks into a certain load. */
  speakersAtOnce: readonly number[] | undefined;
}

interface Options {
  report: Report;
  env: Environment;
  models: readonly string[];
  quick: boolean;
  soakMinutes: number;
  speakersAtOnce: readonly number[] | undefined;
  withPeers: boolean;
}

export async function createContext({
  report,
  env,
  models,
  quick,
  soakMinutes,
  speakersAtOnce,
  withPeers,
}: Options): Promise<Context> {
  const voices = availableVoices();
  return {
    ...{ report, env, models, voices, quick, soakMinutes, speakersAtOnce },
    modelsDir: env.VEXA_MODELS_DIR ?? defaultModelsDir(),
    peers: withPeers ? await findPeers(env, report) : undefined,
  };
}

async function findPeers(env: Environment, report: Report): Promise<Peers | undefined> {
  try {
    const peers = await ensurePeers({ env, progress: (what) => report.progress(what) });
    if (peers.whisperLiveProblem) report.note(`WhisperLive could not be installed: ${peers.whisperLiveProblem}`);
    return peers;
  } catch (error) {
    report.note(`faster-whisper could not be installed: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
