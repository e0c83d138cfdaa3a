import { expect, test } from 'vitest';
import { decodeIdCursor, encodeIdCursor } from './cursor.ts';

test('a cursor leads back to its id', () => {
  for (const id of [1, 2_147_483_647]) expect(decodeIdCursor(encodeIdCursor(id))).toBe(id);
});

test.each([
  '',
  'x',
  '17',
  Buffer.from('id:').toString('base64url'),
  Buffer.from('id:9999999999').toString('base64url'),
])('what is no cursor is refused: %j', (cursor) => {
  expect(() => decodeIdCursor(cursor)).toThrow('is not a cursor of this list');
});
