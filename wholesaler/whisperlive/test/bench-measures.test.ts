import { alignWords } from '@vexa/load-tester/align-words';
import { delaysOf } from '@vexa/load-tester/heard';
import { percentile, slope } from '@vexa/load-tester/statistics';
import { expect, test } from 'vitest';
import { repeatsItself, textErrors } from '../bench/measure/text-errors.ts';
import { compareBorders } from '../bench/quality/borders.ts';

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

test('a word counts as shown when it first is, and an utterance as final when its end is', () => {
  const speech = {
    audio: new Float32Array(0),
    words: ['the', 'dog', 'the', 'cat'].map((text, i) => ({
      ...{ text, start: i, end: i + 0.5 },
      utterance: i < 2 ? 0 : 1,
    })),
    utteranceEnds: [1.5, 3.5],
  };
  const segment = (id: string, start: number, text: string, completed: boolean) => ({
    ...{ segment_id: id, start, end: start + 2, text, completed },
  });
  const delays = delaysOf(speech, [
    { at: 1, segments: [segment('a', 0, 'The', false)] },
    { at: 2, segments: [segment('a', 0, 'The dog.', true)] },
    { at: 4, segments: [segment('b', 2, 'The bat', false)] },
    { at: 5, segments: [segment('b', 2, 'The bat', true)] },
  ]);
  expect(delays).toMatchObject({ words: 4, unseen: 1, utterances: 2, unfinished: 0 });
  expect(delays.first).toEqual([0.5, 0.5, 1.5]);
  expect(delays.final).toEqual([0.5, 1.5]);
});

test('what a server without ids resends is not taken for new words', () => {
  const speech = {
    audio: new Float32Array(0),
    words: ['one', 'two'].map((text, i) => ({ text, start: i, end: i + 0.5, utterance: 0 })),
    utteranceEnds: [1.5],
  };
  const first = { start: 0, end: 1, text: 'one', completed: true };
  const { unseen, final } = delaysOf(speech, [
    { at: 1, segments: [{ ...first, completed: false }] },
    { at: 2, segments: [first, { start: 1, end: 2, text: 'tow', completed: false }] },
    { at: 3, segments: [first, { start: 1, end: 2, text: 'two', completed: true }] },
  ]);
  expect(unseen).toBe(0);
  expect(final).toEqual([1.5]);
});

test('words lost and doubled at the borders of segments are told from words lost elsewhere', () => {
  const expected = words('a b c d e f g h i j k l');
  expect(compareBorders(expected, [words('a b c d e'), words('e f g h i j k l')])).toEqual({
    ...{ lost: 0, lostAtBorders: 0, doubled: 1 },
  });
  expect(compareBorders(expected, [words('a b c d'), words('f g h i j k l')])).toMatchObject({
    lost: 1,
    lostAtBorders: 1,
  });
  expect(compareBorders(expected, [words('a b c d e f g h'), words('i k l')])).toMatchObject({
    lost: 1,
    lostAtBorders: 1,
  });
  expect(compareBorders(expected, [words('a b d e f g h i j k l')])).toMatchObject({ lost: 1, lostAtBorders: 0 });
});
