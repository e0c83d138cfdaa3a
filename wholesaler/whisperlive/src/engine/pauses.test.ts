import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
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

let texts: string[] = [];
beforeEach(() => {
  texts = [];
});
const laid = (words: [number, number][], ...pauses: [number, number][]): number[][] => {
  const timed = words.map(([start, end], i) => ({ text: texts[i] ?? ' word', start, end }));
  layPauses(
    timed,
    pauses.map(([start, end]) => ({ start, end })),
  );
  return timed.map(({ start, end }) => [start, end].map((at) => Math.round(at * 100) / 100));
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

test('words that attention puts into a pause are moved out of it, to the side where their sentence ends', () => {
  const words: [number, number][] = [
    [1, 2],
    [2, 3.4],
    [3.4, 3.4],
    [3.4, 4.9],
  ];
  texts = [' down', ' the', ' middle.', ' Sunday'];
  const [, the = [], middle = [], sunday] = laid(words, [2.5, 4.5]);
  expect(the[0]).toBe(2);
  expect(the[1]).toBe(middle[0]);
  expect(middle[1]).toBe(2.5);
  expect(sunday).toEqual([4.5, 4.9]);
});

test('a last word does not reach over speech that was not written', () => {
  texts = [' gospel.'];
  expect(laid([[4, 12]], [4.8, 5.3])).toEqual([[4, 4.8]]);
  expect(laid([[4, 12]])).toEqual([[4, 5.3]]);
});

test('whatever pauses there are, words stay in order and keep some time', () => {
  const spans = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 2, max: 30 })), {
    minLength: 1,
    maxLength: 12,
  });
  /** Gap and length of each, in tenths of a second. */
  const inOrder = (list: readonly [number, number][]): [number, number][] => {
    let at = 0;
    return list.map(([gap, length]) => {
      const start = at + gap;
      at = start + length;
      return [start / 10, at / 10];
    });
  };
  fc.assert(
    fc.property(spans, spans, (words, pauses) => {
      let past = 0;
      for (const [start = 0, end = 0] of laid(inOrder(words), ...inOrder(pauses))) {
        expect(start).toBeGreaterThanOrEqual(past - 1e-9);
        expect(end).toBeGreaterThan(start);
        past = end;
      }
    }),
  );
});
