import { Fft } from './fft.ts';

export const sampleRate = 16_000;
export const framesPerSecond = 100;
/** Samples to one position of the encoder's output: 20 ms. */
export const positionSamples = 320;
export const secondsPerPosition = positionSamples / sampleRate;
export const maxSeconds = 30;
export const maxFrames = maxSeconds * framesPerSecond;

const windowLength = 400;
const hop = 160;
const bins = windowLength / 2 + 1;
const floorPower = 1e-10;
/** Whisper keeps the eight decades of power below the loudest. */
const dynamicRange = 8;

/** One triangular filter: its first spectral bin and its weights from there. */
interface Filter {
  start: number;
  weights: Float64Array;
}

/**
 * Whisper's log-mel features of a clip padded with silence to 30 s, cut to the first `frames` (10 ms each).
 * Samples are 16 kHz mono; the result is [melBins, frames], bin by bin.
 */
export function createLogMel(melBins: number): (audio: Float32Array, frames: number) => Float32Array {
  const filters = melFilters(melBins);
  const fft = new Fft(windowLength);
  const hann = Float64Array.from(
    { length: windowLength },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowLength),
  );
  const re = new Float64Array(windowLength);
  const im = new Float64Array(windowLength);

  return (audio, frames) => {
    const clip = audio.subarray(0, maxSeconds * sampleRate);
    const voiced = Math.min(maxFrames, Math.ceil((clip.length + windowLength / 2) / hop));
    const powers = new Float32Array(melBins * voiced).fill(Math.log10(floorPower));
    let loudest = Math.log10(floorPower);
    const store = (frame: number, bin: number, power: number): void => {
      const level = Math.log10(Math.max(power, floorPower));
      powers[bin * voiced + frame] = level;
      if (level > loudest) loudest = level;
    };
    // Two real frames ride one complex transform: one in the real, one in the imaginary part.
    for (let frame = 0; frame < voiced; frame += 2) {
      fillFrame(clip, frame, hann, re);
      fillFrame(clip, frame + 1, hann, im);
      fft.transform(re, im);
      const [even, odd] = powerSpectra(re, im);
      for (const [bin, filter] of filters.entries()) {
        store(frame, bin, weigh(even, filter));
        if (frame + 1 < voiced) store(frame + 1, bin, weigh(odd, filter));
      }
    }
    return normalise(powers, { melBins, voiced, frames, least: loudest - dynamicRange });
  };
}

interface Shape {
  melBins: number;
  voiced: number;
  frames: number;
  least: number;
}

function normalise(powers: Float32Array, { melBins, voiced, frames, least }: Shape): Float32Array {
  const silence = (Math.max(Math.log10(floorPower), least) + 4) / 4;
  const features = new Float32Array(melBins * frames).fill(silence);
  for (let bin = 0; bin < melBins; bin += 1) {
    for (let frame = 0; frame < Math.min(voiced, frames); frame += 1) {
      features[bin * frames + frame] = (Math.max(powers[bin * voiced + frame] ?? 0, least) + 4) / 4;
    }
  }
  return features;
}

/** The windowed samples of one frame, centred, mirrored at both ends of the 30 s. */
function fillFrame(clip: Float32Array, frame: number, hann: Float64Array, target: Float64Array): void {
  const first = frame * hop - windowLength / 2;
  const end = maxSeconds * sampleRate;
  for (let i = 0; i < windowLength; i += 1) {
    let at = Math.abs(first + i);
    if (at >= end) at = 2 * (end - 1) - at;
    target[i] = (clip[at] ?? 0) * (hann[i] ?? 0);
  }
}

const evenPower = new Float64Array(bins);
const oddPower = new Float64Array(bins);

/** Parts the two frames again by the symmetry of a real signal's spectrum. */
function powerSpectra(re: Float64Array, im: Float64Array): [Float64Array, Float64Array] {
  for (let k = 0; k < bins; k += 1) {
    const mirror = (windowLength - k) % windowLength;
    const [a, b, c, d] = [re[k] ?? 0, im[k] ?? 0, re[mirror] ?? 0, im[mirror] ?? 0];
    evenPower[k] = ((a + c) ** 2 + (b - d) ** 2) / 4;
    oddPower[k] = ((b + d) ** 2 + (c - a) ** 2) / 4;
  }
  return [evenPower, oddPower];
}

function weigh(spectrum: Float64Array, { start, weights }: Filter): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) sum += (weights[i] ?? 0) * (spectrum[start + i] ?? 0);
  return sum;
}

/** Slaney's mel scale and area normalisation, as in librosa and Whisper: linear below 1 kHz, logarithmic above. */
function melFilters(count: number): Filter[] {
  const linearStep = 200 / 3;
  const knee = 1000;
  const kneeMel = knee / linearStep;
  const logStep = Math.log(6.4) / 27;
  const top = kneeMel + Math.log(sampleRate / 2 / knee) / logStep;
  const edges = Array.from({ length: count + 2 }, (_, i) => {
    const mel = (top * i) / (count + 1);
    return mel < kneeMel ? mel * linearStep : knee * Math.exp(logStep * (mel - kneeMel));
  });
  return Array.from({ length: count }, (_, i) => {
    const [low = 0, centre = 0, high = 0] = edges.slice(i, i + 3);
    const triangle = Array.from({ length: bins }, (_, k) => {
      const frequency = (k * sampleRate) / windowLength;
      const height = Math.min((frequency - low) / (centre - low), (high - frequency) / (high - centre));
      return (Math.max(0, height) * 2) / (high - low);
    });
    const start = Math.max(
      0,
      triangle.findIndex((weight) => weight > 0),
    );
    return { start, weights: Float64Array.from(triangle.slice(start, triangle.findLastIndex((w) => w > 0) + 1)) };
  });
}
