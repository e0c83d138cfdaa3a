import { expect, test } from 'vitest';
import type { SpeakerTurn } from './speaker-turns.ts';
import { splitBySpeaker, type TimedWord } from './split-by-speaker.ts';

const turn = (name: string, from: number, to = Number.POSITIVE_INFINITY, participantId = `p-${name}`): SpeakerTurn => ({
  participantId,
  name,
  from,
  to,
});

/** Words of 0.3 s; a `|` is a pause of 0.3 s more. */
function spoken(line: string): { start: number; end: number; words: TimedWord[] } {
  const words: TimedWord[] = [];
  let at = 0;
  for (const token of line.split(' ')) {
    if (token === '|') at += 0.3;
    else {
      words.push({ text: ` ${token}`, start: at, end: at + 0.3 });
      at += 0.3;
    }
  }
  return { start: 0, end: at, words };
}
const parts = (line: string, turns: SpeakerTurn[]) =>
  splitBySpeaker(spoken(line), turns)?.map(({ speaker, text }) => `${speaker}: ${text}`);

test('a segment is cut where another person goes on, and keeps its times and all its words', () => {
  const segment = spoken('so we are done | yes we are');
  const split = splitBySpeaker(segment, [turn('Ann', 0, 1.3), turn('Ben', 1.4)]);
  expect(split).toEqual([
    { at: 0, start: 0, end: expect.closeTo(1.2), text: 'so we are done', speaker: 'Ann' },
    { at: 4, start: expect.closeTo(1.5), end: expect.closeTo(2.4), text: 'yes we are', speaker: 'Ben' },
  ]);
});

test('the cut is in the pause, though tiles light up late and stay lit', () => {
  const line = 'so we are done. | yes we are too';
  expect(parts(line, [turn('Ann', 0.2, 1.8), turn('Ben', 1.8)])).toEqual([
    'Ann: so we are done.',
    'Ben: yes we are too',
  ]);
  expect(parts(line, [turn('Ann', 0.2, 2.1), turn('Ben', 1.4)])).toEqual([
    'Ann: so we are done.',
    'Ben: yes we are too',
  ]);
});

test('a blink of a tile cuts nothing, a short answer of its own does', () => {
  expect(parts('one two three four five six', [turn('Ann', 0), turn('Ben', 0.7, 1)])).toBeUndefined();
  const answered = [turn('Ann', 0, 1), turn('Ben', 1.1, 1.6), turn('Ann', 1.7)];
  expect(parts('is it done | yes | good then', answered)).toEqual(['Ann: is it done', 'Ben: yes', 'Ann: good then']);
});

test('of two tiles that are lit it is the later one who goes on: tiles stay lit a while', () => {
  expect(parts('one two three four five six seven', [turn('Ann', 0, 1.2), turn('Ben', 0.6)])).toEqual([
    'Ann: one two',
    'Ben: three four five six seven',
  ]);
});

test('two people of one name are two, and somebody without a name has no other’s', () => {
  const two = [turn('Ann', 0, 1.3, 'p1'), turn('Ann', 1.4, 9, 'p2')];
  expect(parts('so we are done | yes we are', two)).toEqual(['Ann: so we are done', 'Ann: yes we are']);
  const unknown = [turn('Ann', 0, 1.3), { ...turn('', 1.4), name: null }];
  expect(parts('so we are done | yes we are', unknown)).toEqual(['Ann: so we are done', 'null: yes we are']);
});

test('nothing is cut where one person speaks, or nobody is known to', () => {
  expect(parts('so we are done', [])).toBeUndefined();
  expect(parts('so we are done', [turn('Ann', 0, 0.5)])).toBeUndefined();
  expect(parts('so we are done', [turn('Ann', 0), turn('Ben', 5)])).toBeUndefined();
  expect(parts('yes', [turn('Ann', 0, 0.1), turn('Ben', 0.1)])).toBeUndefined();
});
