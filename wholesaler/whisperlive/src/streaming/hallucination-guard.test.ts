import { expect, test } from 'vitest';
import { said } from '../../test/support/said.ts';
import { isBelievable } from './hallucination-guard.ts';
import { defaultPolicy as policy } from './policy.ts';

test.each([
  ['a loop', said('and so', { looped: true })],
  ['text that repeats itself', said('so so so so', { compressionRatio: 3 })],
  ['unlikely text about silence', said('I see.', { noSpeechProbability: 0.9, averageLogprob: -1.5 })],
  ['text that nothing makes likely', said('I see.', { averageLogprob: -2.3 })],
  ['what is always written about silence', said('Thank you.', { noSpeechProbability: 0.7 })],
  ['the same more than once', said('you You. Thank you for watching!', { noSpeechProbability: 0.7 })],
  ['the same in another language', said('ご視聴ありがとうございました。', { noSpeechProbability: 0.7 })],
  ['a description of music', said('♪ ♪ [Music]')],
  ['a stage direction', said('(laughs)')],
  ['punctuation', said('. . .')],
])('%s is not believed', (_name, result) => {
  expect(isBelievable(result, policy)).toBe(false);
});

test.each([
  ['likely text, even where silence is suspected', said('I see.', { noSpeechProbability: 0.9 })],
  ['thanks that were spoken', said('Thank you.', { noSpeechProbability: 0.1 })],
  ['thanks within a sentence', said('Thank you for your letter.', { noSpeechProbability: 0.7 })],
  ['a remark in brackets beside words', said('Well (laughs) yes.')],
  ['nothing', said('')],
])('%s is', (_name, result) => {
  expect(isBelievable(result, policy)).toBe(true);
});
