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

test('an utterance begins before its first voiced window and closes after the silence that ends one', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  const [utterance] = run(detector, [0, 1], [0.9, 2], [0, 1]);
  const voiceStart = windows(1) * vadWindow;
  const voiceEnd = voiceStart + windows(2) * vadWindow;
  expect(utterance).toMatchObject({ from: voiceStart - samples(0.3), voiceEnd });
  expect((utterance?.to ?? 0) - voiceEnd).toBe(samples(defaultPolicy.tail));
  const silence = (Math.floor(samples(defaultPolicy.endSilence) / vadWindow) * vadWindow) / 16_000;
  expect(run(detector, [0.9, 1], [0, silence - 0.032])).toEqual([]);
});

test('a breath shorter than the closing silence does not split a sentence', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  expect(run(detector, [0.9, 1], [0, 0.25], [0.9, 1], [0, 1])).toHaveLength(1);
});

test('less silence closes an utterance whose words end a sentence, until there is voice again', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  run(detector, [0.9, 1], [0, 0.3]);
  detector.sentenceEnded();
  const [utterance] = run(detector, [0, 0.3]);
  expect(utterance).toBeDefined();
  run(detector, [0.9, 1], [0, 0.3]);
  detector.sentenceEnded();
  expect(run(detector, [0.9, 1], [0, 0.6])).toEqual([]);
});

test('pauses inside an utterance are remembered, and parted by a cut', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  run(detector, [0.9, 2], [0, 0.32], [0.9, 2], [0, 0.16], [0.9, 1]);
  const pauses = detector.open?.pauses ?? [];
  expect(pauses).toHaveLength(2);
  const [first, second] = pauses;
  if (!first || !second) throw new Error('two pauses');
  const at = (first.from + first.to) / 2;
  const closed = detector.cut(at);
  expect(closed?.voicedSamples).toBe(windows(2) * vadWindow);
  expect(detector.open?.pauses).toEqual([{ from: at, to: first.to }, second]);
  expect(detector.open?.voicedSamples).toBe(windows(3) * vadWindow);
});

test('neighbouring utterances never share a sample', () => {
  const detector = new UtteranceDetector(defaultPolicy);
  const [first, second] = run(detector, [0.9, 1], [0, 0.85], [0.9, 1], [0, 1]);
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
