import { expect, test } from 'vitest';
import { vadWindow } from '../vad/silero.ts';
import { defaultPolicy } from './policy.ts';
import { samples, type Utterance, UtteranceDetector } from './utterance-detector.ts';

const windows = (secondsLong: number) => Math.round(samples(secondsLong) / vadWindow);

/** Feeds stretches of [probability, seconds] and collects what was closed. */
function run(detector: UtteranceDetector, ...stretches: [number, number][]): Utterance[] {
  const closed: Utterance[] = [];
  for (const [probability, length] of stretches) {
    for (let i = 0; i < windows(length); i += 1) {
      const utterance = detector.push(probability);
      if (utterance) closed.push(utterance);
    }
  }
  return closed;
}

test('an utterance begins before its first voiced window and closes after 400 ms of silence', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  const [utterance] = run(detector, [0, 1], [0.9, 2], [0, 1]);
  const voiceStart = windows(1) * vadWindow;
  const voiceEnd = voiceStart + windows(2) * vadWindow;
  expect(utterance).toMatchObject({ from: voiceStart - samples(0.3), voiceEnd });
  expect((utterance?.to ?? 0) - voiceEnd).toBeGreaterThanOrEqual(samples(0.4));
});

test('a breath shorter than the closing silence does not split a sentence', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  expect(run(detector, [0.9, 1], [0, 0.25], [0.9, 1], [0, 1])).toHaveLength(1);
});

test('neighbouring utterances never share a sample', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  const [first, second] = run(detector, [0.9, 1], [0, 0.45], [0.9, 1], [0, 1]);
  expect(second?.from).toBeGreaterThanOrEqual(first?.to ?? Number.NaN);
});

test('a forced cut loses no sample: the next utterance starts where the last one ended', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  run(detector, [0.9, 26]);
  expect(detector.mustCut).toBe(true);
  const at = samples(20);
  expect(detector.cut(at)?.to).toBe(at);
  expect(detector.open?.from).toBe(at);
  const [rest] = run(detector, [0, 1]);
  expect(rest?.from).toBe(at);
});

test('what is open when the audio ends is closed by a flush', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  run(detector, [0.9, 1]);
  expect(detector.flush()?.voicedSamples).toBe(windows(1) * vadWindow);
  expect(detector.flush()).toBeUndefined();
});
