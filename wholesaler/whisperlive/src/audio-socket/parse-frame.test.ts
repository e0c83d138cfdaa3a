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

const anyBytes = fc.uint8Array({ maxLength: 4_096 }).map((bytes) => Buffer.from(bytes));
/** Messages that are nearly right: known types, with payloads of every kind. */
const nearlyControl = fc.record(
  {
    type: fc.oneof(
      fc.constantFrom('speaker_activity', 'session_control', 'reconfigure', 'audio_chunk_metadata'),
      fc.string(),
    ),
    payload: fc.oneof(
      fc.record(
        {
          event: fc.oneof(fc.string(), fc.constant('LEAVING_MEETING')),
          event_type: fc.oneof(fc.string(), fc.constantFrom('SPEAKER_START', 'SPEAKER_END')),
          participant_name: fc.oneof(fc.string({ maxLength: 400 }), fc.anything()),
          relative_client_timestamp_ms: fc.oneof(fc.double(), fc.integer()),
          language: fc.oneof(fc.string(), fc.constant(null)),
          task: fc.oneof(fc.string(), fc.constantFrom('transcribe', 'translate')),
        },
        { requiredKeys: [] },
      ),
      fc.anything(),
    ),
  },
  { requiredKeys: [] },
);

test('samples within the range come through bit by bit, any other sample is named', () => {
  fc.assert(
    fc.property(fc.float32Array({ minLength: 1, maxLength: 500 }), fc.integer({ min: 0, max: 3 }), (samples, shift) => {
      const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(samples.buffer)]).subarray(shift);
      const frame = parseFrame(bytes, true);
      const wrong = samples.findIndex((sample) => !(Math.abs(sample) <= 8));
      if (wrong < 0) expect(frame).toEqual({ kind: 'audio', samples });
      else expect(frame).toMatchObject({ kind: 'problem', message: expect.stringContaining(`Sample ${wrong} `) });
    }),
  );
});

test('what nearly is a control message is one of the known kinds, or is answered in words', () => {
  fc.assert(
    fc.property(nearlyControl, (message) => {
      const frame = parseFrame(Buffer.from(JSON.stringify(message) ?? ''), false);
      if (frame.kind === 'problem') expect(frame.message.length).toBeLessThan(2_000);
      else expect(frame.kind).toBe('control');
    }),
    { numRuns: 500 },
  );
});

test('no bytes, cut or changed, make a parser throw', () => {
  const config = Buffer.from('{"uid":"u","token":"t","platform":"local","meeting_id":7,"language":"en"}');
  fc.assert(
    fc.property(anyBytes, fc.nat(config.length), fc.nat(255), (bytes, at, value) => {
      parseAudioConfig(bytes.toString('utf8'));
      const changed = Buffer.from(config);
      changed[at % changed.length] = value;
      const parsed = parseAudioConfig(changed.subarray(0, at || undefined).toString('utf8'));
      expect(parsed.config === undefined).toBe(parsed.problem !== undefined);
      for (const binary of [true, false]) expect(parseFrame(bytes, binary).kind).toBeTruthy();
    }),
    { numRuns: 500 },
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
