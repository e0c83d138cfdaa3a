import { expect, it } from 'vitest';
import { linesOf } from './container-logs.ts';

const piece = (text: string, stream = 1) => {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

it('joins what a container wrote to both streams, also within a letter', () => {
  const letter = Buffer.from('é');
  const half = (from: number) =>
    Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 1]), letter.subarray(from, from + 1)]);
  const log = Buffer.concat([piece('one\n'), piece('two ', 2), half(0), half(1), piece('\n')]);
  expect(linesOf(log)).toEqual(['one', 'two é']);
  expect(linesOf(Buffer.alloc(0))).toEqual([]);
  expect(linesOf(piece('cut off').subarray(0, 12))).toEqual(['cut']);
});
