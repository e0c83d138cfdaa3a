import { expect, test } from 'vitest';
import { formatTraceparent, nextSpan, readTraceparent } from './trace.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const header = `00-${traceId}-b7ad6b7169203331-01`;

test('a trace goes on with the same id and a step of its own', () => {
  const next = nextSpan(readTraceparent(header), 'unused');
  expect(next).toMatchObject({ traceId, flags: '01' });
  expect(next.spanId).not.toBe('b7ad6b7169203331');
  expect(readTraceparent(formatTraceparent(next))).toEqual(next);
});

test('a later version is read as far as it is known', () => {
  expect(readTraceparent(`01-${traceId}-b7ad6b7169203331-00-more`)?.traceId).toBe(traceId);
});

test.each([
  undefined,
  '',
  'rubbish',
  header.toUpperCase(),
  `${header}-more`,
  `ff${header.slice(2)}`,
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
])('%j begins a new trace', (given) => {
  expect(readTraceparent(given)).toBeUndefined();
  expect(nextSpan(readTraceparent(given), traceId).traceId).toBe(traceId);
});
