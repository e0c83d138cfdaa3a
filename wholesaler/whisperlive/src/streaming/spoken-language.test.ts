import { expect, test } from 'vitest';
import { defaultPolicy } from './policy.ts';
import { SpokenLanguage } from './spoken-language.ts';

const heard = { text: 'buenas', language: 'es', languageProbability: 0.9, averageLogprob: -0.3 };
const enough = { detected: true, voicedSeconds: 3 };

test('a language heard surely in enough speech is kept', () => {
  const spoken = new SpokenLanguage(defaultPolicy);
  spoken.learn(heard, enough);
  expect(spoken.known).toEqual({ language: 'es', probability: 0.9 });
});

test.each([
  ['an unsure one', { languageProbability: 0.5 }, {}],
  ['one of too little speech', {}, { voicedSeconds: 0.5 }],
  ['one of silence', { text: '' }, {}],
])('%s is not', (_name, change, how) => {
  const spoken = new SpokenLanguage(defaultPolicy);
  spoken.learn({ ...heard, ...change }, { ...enough, ...how });
  expect(spoken.known).toBeUndefined();
});

test('doubtful words in the kept language make it be asked again', () => {
  const spoken = new SpokenLanguage(defaultPolicy);
  spoken.learn(heard, enough);
  spoken.learn(heard, { detected: false, voicedSeconds: 3 });
  expect(spoken.known?.language).toBe('es');
  spoken.learn({ ...heard, averageLogprob: -1.2 }, { detected: false, voicedSeconds: 3 });
  expect(spoken.known).toBeUndefined();
});
