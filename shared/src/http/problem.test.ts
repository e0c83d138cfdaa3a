import { expect, test } from 'vitest';
import { withoutKeys } from './problem.ts';

test('a path is logged without the key it may carry', () => {
  expect(withoutKeys('/admin/tokens/vxa_abc-DEF_123')).toBe('/admin/tokens/vxa_[redacted]');
  expect(withoutKeys('/public/transcripts/abcDEF-_1.txt')).toBe('/public/transcripts/[redacted]');
  expect(withoutKeys('/admin/tokens/17')).toBe('/admin/tokens/17');
});
