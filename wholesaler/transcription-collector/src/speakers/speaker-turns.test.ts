import { expect, test } from 'vitest';
import { type SpeakerMark, turnsOf, whoSpoke } from './speaker-turns.ts';

const start = (name: string, seconds: number, id = `id-${name}`): SpeakerMark =>
  mark('SPEAKER_START', name, seconds, id);
const end = (name: string, seconds: number, id = `id-${name}`): SpeakerMark => mark('SPEAKER_END', name, seconds, id);
const mark = (type: SpeakerMark['type'], name: string, seconds: number, participantId: string): SpeakerMark => ({
  type,
  name,
  participantId,
  atMs: seconds * 1000,
});
const spokeMost = (marks: SpeakerMark[], segment: { start: number; end: number }) => whoSpoke(turnsOf(marks), segment);

test('the one who spoke longest within the segment is its speaker', () => {
  const marks = [start('Ann', 0), end('Ann', 4), start('Bob', 3), end('Bob', 9)];
  expect(spokeMost(marks, { start: 1, end: 4 })).toBe('Ann');
  expect(spokeMost(marks, { start: 3, end: 6 })).toBe('Bob');
});

test('a turn that began long before the segment counts, also when it has no end yet', () => {
  expect(spokeMost([start('Ann', 1)], { start: 500, end: 505 })).toBe('Ann');
});

test('several short turns of one person add up', () => {
  const marks = [start('Ann', 0), end('Ann', 2), start('Bob', 2), end('Bob', 5), start('Ann', 5), end('Ann', 7)];
  expect(spokeMost(marks, { start: 0, end: 7 })).toBe('Ann');
});

test('nobody is named when nobody is known to have spoken', () => {
  expect(spokeMost([start('Ann', 0), end('Ann', 2)], { start: 2, end: 3 })).toBeNull();
  expect(spokeMost([], { start: 0, end: 3 })).toBeNull();
});

test('the order in which events arrived does not matter', () => {
  const marks = [start('Ann', 0), end('Ann', 2), start('Ann', 2), end('Ann', 3), start('Bob', 2.5), end('Bob', 2.9)];
  expect(turnsOf(marks.toReversed())).toEqual(turnsOf(marks));
});

test('a name that is learnt late names what was said before, and a new name only what comes after', () => {
  const marks = [start('', 0, 'p1'), end('', 2, 'p1'), start('Ann', 3, 'p1'), end('Ann', 5, 'p1')];
  const renamed = [...marks, start('Ann Lee', 5, 'p1'), end('Ann Lee', 7, 'p1'), start('', 8, 'p2'), end('', 9, 'p2')];
  expect(turnsOf(renamed).map(({ name, from }) => [name, from])).toEqual([
    ['Ann', 0],
    ['Ann', 3],
    ['Ann Lee', 5],
    [null, 8],
  ]);
  expect(spokeMost(renamed, { start: 8, end: 9 })).toBeNull();
});
