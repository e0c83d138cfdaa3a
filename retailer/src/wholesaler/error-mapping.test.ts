import { ServiceError } from '@vexa/shared/errors';
import { expect, test } from 'vitest';
import { toServiceError } from './error-mapping.ts';
import { WholesalerError, type WholesalerFailure } from './wholesaler-error.ts';

const mapped = (failure: WholesalerFailure, details = {}): ServiceError => {
  const error = toServiceError(new WholesalerError(failure, 'inner words', details));
  if (!(error instanceof ServiceError)) throw new Error('not mapped');
  return error;
};

test.each([
  ['breaker_open', 'unavailable', 5],
  ['unreachable', 'unavailable', 5],
  ['timeout', 'gateway_timeout', undefined],
  ['nonsense', 'bad_gateway', undefined],
] as const)('%s becomes %s', (failure, code, retryAfterSeconds) => {
  expect(mapped(failure)).toMatchObject({ code, retryAfterSeconds });
});

test.each([
  [401, undefined, 'unavailable'],
  [403, 'plan_limit', 'unavailable'],
  [404, 'not_found', 'not_found'],
  [409, 'meeting_already_active', 'meeting_already_active'],
  [409, 'bot_not_active', 'bot_not_active'],
  [409, 'something_new', 'conflict'],
  [429, 'concurrent_bot_limit', 'no_capacity'],
  [503, 'no_capacity', 'no_capacity'],
  [503, undefined, 'unavailable'],
  [418, undefined, 'bad_gateway'],
] as const)('an answer of %s (%s) becomes %s, in our words', (status, code, expected) => {
  const error = mapped('refused', { status, code, detail: 'inner words' });
  expect(error.code).toBe(expected);
  expect(error.message).not.toContain('inner words');
});

test('a time the wholesaler named itself goes before ours', () => {
  expect(mapped('refused', { status: 503, retryAfterSeconds: 77 }).retryAfterSeconds).toBe(77);
});

test('errors of other kinds are left alone', () => {
  const error = new TypeError('ours');
  expect(toServiceError(error)).toBe(error);
});
