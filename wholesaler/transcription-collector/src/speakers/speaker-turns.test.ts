import { expect, test } from 'vitest';
import { type SpeakerMark, whoSpoke } from './speaker-turns.ts';

const start = (name: string, seconds: number): SpeakerMark => mark('SPEAKER_START', name, seconds);
const end = (name: string, seconds: number): SpeakerMark => mark('SPEAKER_END', name, seconds);
const mark = (type: SpeakerMark['type'], name: string, seconds: number): SpeakerMark => ({
  type,
  name,
  participantId: `id-${name}`,
  atMs: seconds * 1000,
});

test('the one who spoke longest within the segment is its speaker', () => {
  const marks = [start('Ann', 0), end('Ann', 4), start('Bob', 3), end('Bob', 9)];
  expect(whoSpoke(marks, { start: 1, end: 4 })).toBe('Ann');
  expect(whoSpoke(marks, { start: 3, end: 6 })).toBe('Bob');
});

test('a turn that began long before the segment counts, also when it has no end yet', () => {
  expect(whoSpoke([start('Ann', 1)], { start: 500, end: 505 })).toBe('Ann');
});

test('several short turns of one person add up', () => {
  const marks = [start('Ann', 0), end('Ann', 2), start('Bob', 2), end('Bob', 5), start('Ann', 5), end('Ann', 7)];
  expect(whoSpoke(marks, { start: 0, end: 7 })).toBe('Ann');
});

test('nobody is named when nobody is known to have spoken', () => {
  expect(whoSpoke([start('Ann', 0), end('Ann', 2)], { start: 2, end: 3 })).toBeNull();
  expect(whoSpoke([], { start: 0, end: 3 })).toBeNull();
});

test('the order in which events arrived does not matter', () => {
  const marks = [start('Ann', 0), end('Ann', 2), start('Ann', 2), end('Ann', 3), start('Bob', 2.5), end('Bob', 2.9)];
  const segment = { start: 2, end: 3 };
  expect(whoSpoke(marks.toReversed(), segment)).toBe(whoSpoke(marks, segment));
});
