import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAudioConfig } from './parse-config.ts';
import { parseFrame } from './parse-frame.ts';

const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);

test('float32 samples come through unchanged, whatever their alignment', () => {
  const shifted = Buffer.concat([Buffer.from([0]), floats(0.25, -0.5)]).subarray(1);
  expect(parseFrame(shifted, true)).toEqual({ kind: 'audio', samples: Float32Array.of(0.25, -0.5) });
});

test.each([
  ['a length that is no multiple of four', Buffer.from([1, 2, 3]), 'multiple of 4'],
  ['no samples at all', Buffer.alloc(0), 'multiple of 4'],
  ['not a number', floats(0, Number.NaN), 'Sample 1'],
  ['infinity', floats(Number.POSITIVE_INFINITY), 'Sample 0'],
  ['int16 taken for float32', floats(12_345), '-1 to 1'],
])('%s is named in the error', (_name, data, words) => {
  expect(parseFrame(data, true)).toMatchObject({ kind: 'problem', message: expect.stringContaining(words) });
});

test('the end is recognised as text and as bytes', () => {
  expect(parseFrame(Buffer.from('END_OF_AUDIO'), true).kind).toBe('end');
  expect(parseFrame(Buffer.from('END_OF_AUDIO'), false).kind).toBe('end');
});

test('no bytes and no text make the frame parser throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, binary) => {
      expect(['audio', 'control', 'end', 'problem']).toContain(parseFrame(Buffer.from(bytes), binary).kind);
    }),
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(['control', 'problem']).toContain(parseFrame(Buffer.from(text), false).kind);
    }),
  );
});

test('a configuration names every missing field', () => {
  expect(parseAudioConfig('{"uid":"u"}').problem).toEqual({
    uid: 'u',
    message: 'Missing required fields: token, platform, meeting_id',
  });
});

test('a configuration that is not JSON, or not an object, is refused in words', () => {
  expect(parseAudioConfig('{').problem?.message).toContain('JSON object');
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseAudioConfig(text).problem?.message).toBeTruthy();
    }),
  );
});
