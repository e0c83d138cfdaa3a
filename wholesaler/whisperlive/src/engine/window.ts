import { framesPerSecond, maxSeconds } from './mel.ts';

/** Positions of the encoder: 20 ms each, 1500 in Whisper's 30 s. */
export const positionsPerSecond = framesPerSecond / 2;
export const maxPositions = maxSeconds * positionsPerSecond;

/** One position that stands for `count` neighbours which all hold silence. */
export interface Sample {
  position: number;
  count: number;
}

/**
 * What the encoder computes of the 30 s that Whisper was trained on: the first `positions` as they are, and of the silence
 * behind them only some, each weighing as many as it stands for (log count is added to its attention scores). Silent
 * positions differ by little but their place, so attention sees nearly what it would see in the whole window: a clip of
 * 3 s costs 290 positions instead of 1500. Cut off without such a tail, a window needs at least 10 s to keep its words.
 */
export interface Window {
  positions: number;
  tail: readonly Sample[];
}

export const fullWindow: Window = { positions: maxPositions, tail: [] };

/**
 * True silence behind the clip; with 1 or 1.5 s some short clips came out said twice. Behind clips of 6 s or more 1 s left
 * the word errors of both models over the recordings as they were, for 10 % less CPU; behind 3 s it cost tiny.en words.
 */
const marginSeconds = (clipSeconds: number): number => (clipSeconds < 6 ? 2 : 1);
/** More made no difference that the voices show, 20 lost words. */
const tailSamples = 40;
/** The last samples stand for e³ times as many positions as the first ones: what is near matters more. */
const tailGrowth = 3;

/** The window of a clip of so many seconds. */
export function windowOf(seconds: number): Window {
  const positions = Math.ceil((seconds + marginSeconds(seconds)) * positionsPerSecond);
  if (positions + tailSamples >= maxPositions) return fullWindow;
  return { positions, tail: sampleTail(positions) };
}

/** Whether less is computed than the full window. */
export const isShort = (window: Window): boolean => window.positions < maxPositions;

export const sizeOf = ({ positions, tail }: Window): number => positions + tail.length;

function sampleTail(from: number): Sample[] {
  const length = maxPositions - from;
  const samples: Sample[] = [];
  let at = 0;
  for (let i = 1; i <= tailSamples; i += 1) {
    const to = Math.round((length * Math.expm1((tailGrowth * i) / tailSamples)) / Math.expm1(tailGrowth));
    const count = to - at;
    if (count > 0) samples.push({ position: from + at + Math.floor(count / 2), count });
    at = to;
  }
  return samples;
}
