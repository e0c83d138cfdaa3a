import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { frameSamples, PcmPacer } from './pcm-pacer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const tone = (frames: number, value: number) => new Int16Array(frames * frameSamples).fill(value);

test('one frame goes out every 10 ms, speech in order and silence around it', async () => {
  const frames: number[] = [];
  using pacer = new PcmPacer((frame) => frames.push(frame[0] ?? 0));
  await vi.advanceTimersByTimeAsync(20);
  const first = pacer.speak(tone(3, 1));
  const second = pacer.speak(tone(2, 2));
  await vi.advanceTimersByTimeAsync(80);
  expect(frames).toEqual([0, 0, 1, 1, 1, 2, 2, 0, 0, 0]);
  const [one, two] = [await first, await second];
  expect(one.endedAt - one.startedAt).toBe(20);
  expect(two.startedAt).toBe(one.endedAt + 10);
});

test('a second has a hundred frames', async () => {
  let count = 0;
  using _pacer = new PcmPacer(() => {
    count += 1;
  });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(count).toBe(100);
});

test('speech cut off by leaving is an error', async () => {
  const pacer = new PcmPacer(() => {});
  const speech = pacer.speak(tone(10, 1));
  pacer[Symbol.dispose]();
  await expect(speech).rejects.toThrow('before the end');
  await expect(pacer.speak(tone(1, 1))).rejects.toThrow('has left');
});
