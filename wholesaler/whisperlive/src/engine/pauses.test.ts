import { expect, test } from 'vitest';
import { findPauses, layPauses } from './pauses.ts';

/** Seconds of sound or quiet in turn, at these loudnesses. */
function clip(...parts: [seconds: number, loudness: number][]): Float32Array {
  return Float32Array.from(
    parts.flatMap(([seconds, loudness]) =>
      Array.from({ length: Math.round(seconds * 16_000) }, (_, i) => loudness * Math.sin(i * 0.3)),
    ),
  );
}

test('quiet stretches are pauses, also over the noise of a room', () => {
  for (const quiet of [0, 0.005]) {
    const pauses = findPauses(clip([0.5, quiet], [1, 0.3], [0.4, quiet], [1, 0.2], [0.3, quiet]));
    expect(pauses.map(({ start }) => start)).toEqual([0, 1.5, 2.9].map((at) => expect.closeTo(at, 1)));
    expect(pauses.map(({ end }) => end)).toEqual([0.5, 1.9, 3.2].map((at) => expect.closeTo(at, 1)));
  }
});

test('the breath that a consonant holds is no pause', () => {
  expect(findPauses(clip([1, 0.3], [0.1, 0], [1, 0.3], [0.5, 0]))).toHaveLength(1);
});

test('sound that is loud all the time, or silence, says nothing', () => {
  expect(findPauses(clip([3, 0.2]))).toEqual([]);
  expect(findPauses(new Float32Array(16_000))).toEqual([]);
  expect(findPauses(new Float32Array(0))).toEqual([]);
});

const laid = (words: [number, number][], ...pauses: [number, number][]): number[][] => {
  const timed = words.map(([start, end]) => ({ start, end }));
  layPauses(
    timed,
    pauses.map(([start, end]) => ({ start, end })),
  );
  return timed.map(({ start, end }) => [start, end]);
};

test('a pause goes between the two words around it, whichever of them seemed long', () => {
  const expected = [
    [0, 1],
    [2, 2.5],
  ];
  expect(
    laid(
      [
        [0, 1.1],
        [1.1, 2.5],
      ],
      [1, 2],
    ),
  ).toEqual(expected);
  expect(
    laid(
      [
        [0, 1.9],
        [1.9, 2.5],
      ],
      [1, 2],
    ),
  ).toEqual(expected);
  expect(
    laid(
      [
        [0, 0.8],
        [0.8, 2.5],
      ],
      [1, 2],
    ),
  ).toEqual(expected);
});

test('silence before the first and after the last word is in neither', () => {
  expect(
    laid(
      [
        [0, 1],
        [1, 3],
      ],
      [0, 0.4],
      [1.8, 3],
    ),
  ).toEqual([
    [0.4, 1],
    [1, 1.8],
  ]);
});

test('a pause that a whole word would be in is none', () => {
  const words: [number, number][] = [
    [0, 1],
    [1, 1.2],
    [1.2, 2],
  ];
  expect(laid(words, [0.9, 1.3])).toEqual(words);
});
