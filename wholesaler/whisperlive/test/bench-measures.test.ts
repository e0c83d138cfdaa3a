import { expect, test } from 'vitest';
import { alignWords } from '../bench/measure/align-words.ts';
import { percentile, slope } from '../bench/measure/statistics.ts';
import { repeatsItself, textErrors } from '../bench/measure/text-errors.ts';

const words = (text: string) => text.split(' ').filter(Boolean);

test('percentiles lie between neighbours, and what never came counts as later than everything', () => {
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
  expect(percentile([1, 2], 0.95)).toBeCloseTo(1.95);
  expect(percentile([1, 2, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 0.95)).toBe(Number.POSITIVE_INFINITY);
  expect(percentile([], 0.5)).toBeNaN();
});

test('a slope is what each unit adds', () => {
  const points = [0, 1, 2, 3].map((x) => ({ x, y: 5 + 2 * x }));
  expect(slope(points)).toBeCloseTo(2);
  expect(slope([{ x: 1, y: 1 }])).toBe(0);
});

test('an alignment names each lost, invented and wrong word, and matches as early as it can', () => {
  const kinds = (reference: string, hypothesis: string) =>
    alignWords(words(reference), words(hypothesis)).map((step) => step.kind);
  expect(kinds('a b c d', 'a x c')).toEqual(['same', 'substituted', 'same', 'deleted']);
  expect(kinds('a b', 'a b c')).toEqual(['same', 'same', 'inserted']);
  expect(alignWords(words('the dog and the cat'), words('the'))[0]).toEqual({
    kind: 'same',
    reference: 0,
    hypothesis: 0,
  });
});

test('a sentence that is missing is told from words that are misheard', () => {
  expect(textErrors('one two three four five six', 'one six')).toMatchObject({ deleted: 4, lostSentences: 1 });
  expect(textErrors('one two three four five six', 'one to tree for five six')).toMatchObject({
    substituted: 3,
    lostSentences: 0,
  });
});

test('a decoder that is stuck is noticed, a rhetorical figure is not', () => {
  expect(textErrors('go on', 'go on and on and on and on and on')).toMatchObject({ loops: 1 });
  expect(repeatsItself(words('it was the best of times it was the worst of times it was'))).toBe(false);
  expect(textErrors('no no no no no', 'no no no no no')).toMatchObject({ loops: 0 });
});

test('languages without spaces are compared by character', () => {
  expect(textErrors('客観的実在。', '客観的な実在', 'ja')).toMatchObject({ words: 5, inserted: 1, deleted: 0 });
});
