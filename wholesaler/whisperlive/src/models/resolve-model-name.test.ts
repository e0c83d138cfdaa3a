import { describe, expect, test } from 'vitest';
import { catalogue, modelNames } from './catalogue.ts';
import { resolveModelName } from './resolve-model-name.ts';

const resolve = (identifier: string): string =>
  resolveModelName(identifier, { defaultModel: 'base.en', imported: ['my-Model'] });

describe('a model is found by any of the names it goes by', () => {
  test.each([
    ['base.en', 'base.en'],
    [' Base.EN ', 'base.en'],
    ['whisper-base.en', 'base.en'],
    ['openai/whisper-base', 'base'],
    ['Systran/faster-whisper-base.en', 'base.en'],
    ['guillaumekln/faster-whisper-tiny', 'tiny'],
    ['mobiuslabsgmbh/faster-whisper-large-v3-turbo', 'large-v3-turbo'],
    ['openai/whisper-large-v3-turbo', 'large-v3-turbo'],
    ['turbo', 'large-v3-turbo'],
    ['large', 'large-v3'],
    ['openai/whisper-large', 'large-v1'],
    ['whisper-1', 'base.en'],
    ['my-Model', 'my-Model'],
  ])('%s is %s', (identifier, name) => {
    expect(resolve(identifier)).toBe(name);
  });

  test('every name of the catalogue, alone or as the repositories are called', () => {
    for (const { name, hub, openaiHub } of catalogue) {
      expect([name, hub, openaiHub].map(resolve)).toEqual([name, name, name]);
    }
  });
});

test.each(['distil-large-v3', 'distil-whisper/distil-small.en', 'Systran/faster-distil-whisper-large-v2'])(
  '%s is said to be a kind that is not supported',
  (identifier) => {
    expect(() => resolve(identifier)).toThrow(/Distil-Whisper model, which is not supported; known are tiny,/);
  },
);

test('a slip of the pen is answered with the likest name, anything else with all of them', () => {
  expect(() => resolve('bse.en')).toThrow('there is no model "bse.en" (did you mean base.en?)');
  expect(() => resolve('large-v4')).toThrow('(did you mean large-v1?)');
  expect(() => resolve('gpt-4o-transcribe')).toThrow(
    `there is no model "gpt-4o-transcribe"; known are ${[...modelNames, 'my-Model'].join(', ')}`,
  );
});
