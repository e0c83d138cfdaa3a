const sampleRate = 16_000;
const binSamples = sampleRate / 100;
/** A receiver stretches and squeezes time to ride out jitter, so short windows are compared, each near where the last one fitted. */
const windowSamples = sampleRate / 10;
const slackSamples = sampleRate / 20;

/** Opus at speech rates leaves 4 to 12 dB, by voice and by the load of the machine; another voice less than -15. */
export const sameVoiceDb = -2;

export interface Comparison {
  /** Where the original begins in the copy, in seconds. */
  offsetSeconds: number;
  /** Of the copy against the original: the median over the windows in which the original is loud. */
  snrDb: number;
  /** Loudness of the copy against the original. */
  gainDb: number;
}

/** Finds an original in a copy that went through a codec, and says how much of it survived. */
export function compareAudio(original: Float32Array, copy: Float32Array): Comparison {
  const offset = bestLag(envelope(original), envelope(copy), 0, Math.ceil(copy.length / binSamples)) * binSamples;
  const [ratios, loudness]: [number[], number] = [[], rms(original)];
  let [energy, copied, drift] = [0, 0, 0];
  for (let start = 0; start + windowSamples <= original.length; start += windowSamples) {
    const window = original.subarray(start, start + windowSamples);
    const expected = offset + drift + start;
    const lag = bestLag(window, copy, expected - slackSamples, expected + slackSamples);
    const [cross, own, heard] = products(window, copy, lag);
    if (rms(window) > loudness / 2) {
      ratios.push(cross ** 2 / own / (heard - cross ** 2 / own));
      drift = lag - offset - start;
    }
    energy += own;
    copied += heard;
  }
  ratios.sort((a, b) => a - b);
  return {
    offsetSeconds: offset / sampleRate,
    snrDb: 10 * Math.log10(ratios[Math.floor(ratios.length / 2)] ?? 0),
    gainDb: 10 * Math.log10(copied / energy),
  };
}

const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

export const fromInt16 = (samples: Int16Array): Float32Array => Float32Array.from(samples, (sample) => sample / 32_768);

function envelope(samples: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.ceil(samples.length / binSamples) }, (_, bin) => {
    return rms(samples.subarray(bin * binSamples, (bin + 1) * binSamples));
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
