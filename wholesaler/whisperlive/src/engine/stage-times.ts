import type { WhisperModel } from './decode.ts';

/** Seconds one clip spent in each stage; those of a batch count for each of its rows. */
export interface StageTimes {
  features: number;
  encode: number;
  generate: number;
  /** Word times. */
  align: number;
  /** For its turn among the other clips of its worker. */
  wait: number;
}

export const stageNames = ['features', 'encode', 'generate', 'align', 'wait'] as const satisfies (keyof StageTimes)[];

/** A model for one clip, whose calls are timed. */
export function timeStages(model: WhisperModel): { timed: WhisperModel; times: StageTimes } {
  const times: StageTimes = { features: 0, encode: 0, generate: 0, align: 0, wait: 0 };
  const inTurn = async <T extends { seconds: number }>(
    stage: 'encode' | 'generate' | 'align',
    call: () => Promise<T>,
  ): Promise<T> => {
    const startedAt = performance.now();
    const result = await call();
    times[stage] += result.seconds;
    times.wait += Math.max(0, secondsSince(startedAt) - result.seconds);
    return result;
  };
  const timed: WhisperModel = {
    ...model,
    features(audio, frames) {
      const startedAt = performance.now();
      const features = model.features(audio, frames);
      times.features += secondsSince(startedAt);
      return features;
    },
    encode: (features, window) => inTurn('encode', () => model.encode(features, window)),
    generate: (encoded, input) => inTurn('generate', () => model.generate(encoded, input)),
    align: (encoded, input) => inTurn('align', () => model.align(encoded, input)),
  };
  return { timed, times };
}

/** What a call gives, with the seconds it took. */
export async function withSeconds<T extends object>(call: () => Promise<T>): Promise<T & { seconds: number }> {
  const startedAt = performance.now();
  const result = await call();
  return Object.assign(result, { seconds: secondsSince(startedAt) });
}

const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1000;
