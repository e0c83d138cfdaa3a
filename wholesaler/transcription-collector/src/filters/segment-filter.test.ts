import { expect, test } from 'vitest';
import { PatternList } from './patterns.ts';
import { createSegmentFilter } from './segment-filter.ts';

const keeps = createSegmentFilter();

test.each([
  '',
  '   ',
  '...',
  '[BLANK_AUDIO]',
  ' [ Silence ] ',
  '(upbeat music)',
  '*sighs*',
  '♪ ♪',
  '[MUSIC] (applause)',
  'Thanks for watching!',
  'Thank you so much for watching.',
  'Please subscribe to our channel.',
  'Subtitles by the Amara.org community',
])('drops %j, which nobody said', (text) => {
  expect(keeps({ text })).toBe(false);
});

test.each([
  'Thank you.',
  'You',
  '[inaudible] is what he wrote',
  'We subscribe to the newsletter (the weekly one)',
  'I was watching the captions.',
  '42',
  'Ja, (vielleicht) morgen',
  '謝謝',
])('keeps %j, which people say', (text) => {
  expect(keeps({ text })).toBe(true);
});

test('an operator replaces the patterns by a JSON list, and is told when it is none', () => {
  const filter = createSegmentFilter(PatternList.parse('["^beep( beep)*$"]'));
  expect([filter({ text: 'Beep beep' }), filter({ text: '[BLANK_AUDIO]' })]).toEqual([false, true]);
  for (const bad of ['beep', '{"a":1}', '["("]', '[1]']) expect(PatternList.safeParse(bad).success).toBe(false);
});
