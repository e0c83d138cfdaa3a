import { expect, test } from 'vitest';
import { parsePageMessage } from './messages.ts';

test('audio comes back as the samples that went in, and silence as silence', () => {
  const samples = Int16Array.from([0, 1, -1, 32_767, -32_768]);
  const base64 = Buffer.from(samples.buffer).toString('base64');
  const at = 1_700_000_000_000;
  expect(parsePageMessage(`audio|${at}|3=${base64}|12~4`)).toEqual({
    kind: 'audio',
    chunks: [
      { track: 3, at, samples },
      { track: 12, at, samples: new Int16Array(4) },
    ],
  });
});

test('a view that is not one is refused, and unknown messages are left out', () => {
  expect(() => parsePageMessage('view|{"people":"everybody"}')).toThrow();
  expect(parsePageMessage('hello')).toBeUndefined();
});
