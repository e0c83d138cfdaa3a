import { expect, test } from 'vitest';
import { parsePageMessage } from './messages.ts';

test('audio comes back as the samples that went in', () => {
  const samples = Int16Array.from([0, 1, -1, 32_767, -32_768]);
  const base64 = Buffer.from(samples.buffer).toString('base64');
  expect(parsePageMessage(`audio|3|1700000000000|${base64}`)).toEqual({
    kind: 'audio',
    chunk: { track: 3, at: 1_700_000_000_000, samples },
  });
});

test('a view that is not one is refused, and unknown messages are left out', () => {
  expect(() => parsePageMessage('view|{"people":"everybody"}')).toThrow();
  expect(parsePageMessage('hello')).toBeUndefined();
});
