const sampleRate = 16_000;
const binSamples = sampleRate / 100;

export interface Comparison {
  /** Where the original begins in the copy, in seconds. */
  offsetSeconds: number;
  /** Of the copy against the original, at the best gain. */
  snrDb: number;
  /** Loudness of the copy against the original. */
  gainDb: number;
}

/** Finds an original in a copy that went through a codec, and says how much of it survived. */
export function compareAudio(original: Float32Array, copy: Float32Array): Comparison {
  const coarse = bestLag(envelope(original), envelope(copy), 0, Math.ceil(copy.length / binSamples)) * binSamples;
  const lag = bestLag(original, copy, coarse - 2 * binSamples, coarse + 2 * binSamples);
  const [cross, energy, copied] = products(original, copy, lag);
  const gain = cross / energy;
  const noise = copied - gain * cross;
  return {
    offsetSeconds: lag / sampleRate,
    snrDb: 10 * Math.log10((gain * gain * energy) / noise),
    gainDb: 10 * Math.log10(copied / energy),
  };
}

export const fromInt16 = (samples: Int16Array): Float32Array => Float32Array.from(samples, (sample) => sample / 32_768);

function envelope(samples: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.ceil(samples.length / binSamples) }, (_, bin) => {
    const part = samples.subarray(bin * binSamples, (bin + 1) * binSamples);
    return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length);
  });
}

function bestLag(original: Float32Array, copy: Float32Array, from: number, to: number): number {
  let [best, bestScore] = [from, Number.NEGATIVE_INFINITY];
  for (let lag = from; lag <= to; lag += 1) {
    const [cross] = products(original, copy, lag);
    if (cross > bestScore) [best, bestScore] = [lag, cross];
  }
  return best;
}

function products(original: Float32Array, copy: Float32Array, lag: number): [number, number, number] {
  let [cross, energy, copied] = [0, 0, 0];
  for (let index = 0; index < original.length; index += 1) {
    const a = original[index] ?? 0;
    const b = copy[index + lag] ?? 0;
    cross += a * b;
    energy += a * a;
    copied += b * b;
  }
  return [cross, energy, copied];
}
