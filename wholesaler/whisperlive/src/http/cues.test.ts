import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cuesOf } from './cues.ts';

/** An utterance of the words of `text`, each `seconds` long. */
function spoken(text: string, { from = 0, seconds = 0.3 } = {}) {
  const words = text.split(/(?= )/).map((word, i) => ({
    ...{ text: word, start: from + i * seconds, end: from + (i + 1) * seconds },
  }));
  return { start: from, end: words.at(-1)?.end ?? from, text: text.trim(), words };
}

const long =
  'And so, my fellow Americans, ask not what your country can do for you. Ask what you can do for your country, and ' +
  'then go home and tell the others what you have seen here today.';

test('what fits is one cue, as it was said', () => {
  expect(cuesOf([spoken(' Ask not what your country can do for you.')])).toEqual([
    { start: 0, end: expect.closeTo(2.7), lines: ['Ask not what your country can do for you.'] },
  ]);
});

test('a long utterance is cut after its sentences and clauses', () => {
  expect(cuesOf([spoken(` ${long}`)]).map(({ lines }) => lines)).toEqual([
    ['And so, my fellow Americans,', 'ask not what your country can do for you.'],
    ['Ask what you can do for your country,'],
    ['and then go home and tell the others', 'what you have seen here today.'],
  ]);
});

test('each cue has the times of its words', () => {
  const utterance = spoken(` ${long}`, { from: 100 });
  const cues = cuesOf([utterance]);
  expect(cues[0]?.start).toBe(100);
  expect(cues[1]?.start).toBe(utterance.words.find(({ text }) => text === ' Ask')?.start);
  expect(cues.at(-1)?.end).toBe(utterance.end);
});

test('slow speech is cut by time, and a long pause is where it is cut', () => {
  const utterance = spoken(' one two three four five', { seconds: 2 });
  for (const word of utterance.words.slice(2)) {
    word.start += 3;
    word.end += 3;
  }
  expect(cuesOf([utterance]).map(({ lines }) => lines)).toEqual([['one two'], ['three four five']]);
});

test('a short cue stays a second, but not into the next one', () => {
  const [yes, no] = [spoken(' Yes.', { seconds: 0.2 }), spoken(' No.', { from: 0.5, seconds: 0.2 })];
  expect(cuesOf([yes, no]).map(({ start, end }) => [start, end])).toEqual([
    [0, 0.5],
    [0.5, 1.5],
  ]);
});

test('languages without spaces are cut between characters, and endless words anywhere', () => {
  const chinese = [...'今天我们要讨论的是明年的预算和人员安排'.repeat(4)].map((text, i) => ({
    ...{ text, start: i / 5, end: (i + 1) / 5 },
  }));
  for (const words of [chinese, [{ text: 'a'.repeat(200), start: 0, end: 10 }]]) {
    const text = words.map((word) => word.text).join('');
    const cues = cuesOf([{ start: 0, end: 20, text, words }]);
    expect(cues.flatMap(({ lines }) => lines).join('')).toBe(text);
    expect(cues.every(({ lines }) => lines.length <= 2 && lines.every((line) => line.length <= 42))).toBe(true);
  }
});

test('words without times share those of their utterance', () => {
  const cues = cuesOf([{ start: 10, end: 20, text: long, words: [] }]);
  expect(cues.map(({ lines }) => lines.join(' ')).join(' ')).toBe(long);
  expect(cues[0]?.start).toBe(10);
  expect(cues.at(-1)?.end).toBeCloseTo(20);
});

test('whatever is said: nothing is lost, lines and times keep their bounds, cues are in order', () => {
  const word = fc.tuple(fc.stringMatching(/^[a-z]{1,12}[.,?]?$/), fc.double({ min: 0, max: 3, noNaN: true }));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 120 }), (said) => {
      let at = 0;
      const words = said.map(([text, seconds]) => {
        const start = at;
        at += seconds;
        return { text: ` ${text}`, start, end: at };
      });
      const text = words
        .map((one) => one.text)
        .join('')
        .trim();
      const cues = cuesOf([{ start: 0, end: at, text, words }]);
      expect(cues.flatMap(({ lines }) => lines).join(' ')).toBe(text);
      for (const [i, { start, end, lines }] of cues.entries()) {
        expect(lines.length).toBeLessThanOrEqual(2);
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(42);
        expect(end - start).toBeLessThanOrEqual(7 + 1e-9);
        expect(start).toBeGreaterThanOrEqual(cues[i - 1]?.end ?? 0);
      }
    }),
  );
});
