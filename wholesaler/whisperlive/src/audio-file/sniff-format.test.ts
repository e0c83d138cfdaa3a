import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sniffFormat } from './sniff-format.ts';

const bytes = (...parts: (string | number)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));

test.each([
  ['wav', bytes('RIFF', 'size', 'WAVE')],
  ['mp3', bytes('ID3', 4)],
  ['mp3', bytes(0xff, 0xfb, 0x90)],
  ['aac', bytes(0xff, 0xf1, 0x50)],
  ['ogg', bytes('OggS')],
  ['matroska', bytes(0x1a, 0x45, 0xdf, 0xa3)],
  ['mov', bytes(0, 0, 0, 0x20, 'ftypM4A ')],
  ['flac', bytes('fLaC')],
])('%s is known by its first bytes', (format, file) => {
  expect(sniffFormat(file)).toBe(format);
});

test.each([
  ['a playlist', '#EXTM3U\n'],
  ['a list of files', 'ffconcat version 1.0\nfile /etc/passwd\n'],
  ['a page', '<html>'],
  ['a picture', 'RIFF....WEBP'],
  ['nothing', ''],
])('%s never reaches a decoder', (_name, file) => {
  expect(sniffFormat(Buffer.from(file))).toBeUndefined();
});

test('any bytes are answered', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 16 }), (file) => void sniffFormat(file)));
});
