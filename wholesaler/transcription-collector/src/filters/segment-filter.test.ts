import { fileURLToPath } from 'node:url';
import { createLogger } from '@vexa/shared/logging';
import { expect, test } from 'vitest';
import { loadCustomFilter } from './custom-filter.ts';
import { PatternList, WordList } from './patterns.ts';
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
  const filter = createSegmentFilter({ dropPatterns: PatternList.parse('["^beep( beep)*$"]') });
  expect([filter({ text: 'Beep beep' }), filter({ text: '[BLANK_AUDIO]' })]).toEqual([false, true]);
  for (const bad of ['beep', '{"a":1}', '["("]', '[1]']) expect(PatternList.safeParse(bad).success).toBe(false);
});

test('a segment of nothing but stopwords is dropped, one with another word is kept', () => {
  const filter = createSegmentFilter({ stopwords: WordList.parse('Uh, um,äh') });
  expect(['Uh...', 'um, uh', 'Äh!'].map((text) => filter({ text }))).toEqual([false, false, false]);
  expect(['Um, yes', 'umbrella', '謝謝'].map((text) => filter({ text }))).toEqual([true, true, true]);
});

test('a segment with fewer letters and digits than the least is dropped', () => {
  const filter = createSegmentFilter({ minCharacters: 3 });
  expect(['no.', 'A b', 'yes', '1 2 3', '謝謝你'].map((text) => filter({ text }))).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
});

const logger = createLogger('test', 'silent');
const moduleAt = (name: string) => fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url));

test("an operator's module decides after the rules; what it throws about is kept", async () => {
  const custom = await loadCustomFilter(moduleAt('drop-french.ts'), logger);
  const filter = createSegmentFilter({ custom });
  expect(filter({ text: 'bonjour', language: 'fr' })).toBe(false);
  expect(filter({ text: 'hello', language: 'en' })).toBe(true);
  expect(filter({ text: 'throw' })).toBe(true);
  expect(filter({ text: '[BLANK_AUDIO]', language: 'en' })).toBe(false);
});

test('a module that is missing or exports no function stops the start, naming the setting', async () => {
  await expect(loadCustomFilter('/no/such/module.ts', logger)).rejects.toThrow('FILTER_MODULE');
  await expect(loadCustomFilter(moduleAt('no-filter.ts'), logger)).rejects.toThrow('FILTER_MODULE');
});
