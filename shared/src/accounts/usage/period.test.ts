import { expect, test } from 'vitest';
import { calendarMonth, countingPeriod } from './period.ts';

const at = (text: string) => new Date(`${text}Z`);
const monthly = (start: string, end: string | null = null) => ({
  period_start: at(start),
  period_end: end === null ? null : at(end),
  renews: 'month' as const,
});

test('a plan that does not renew counts over its whole term', () => {
  const term = { ...monthly('2026-01-15T10:00', '2027-01-01T00:00'), renews: null };
  expect(countingPeriod(term, at('2026-08-20T00:00'))).toEqual({ start: term.period_start, end: term.period_end });
});

test.each([
  ['2026-01-15T10:00', '2026-01-15T10:00', '2026-01-15T10:00', '2026-02-15T10:00'],
  ['2026-01-15T10:00', '2026-02-15T09:59', '2026-01-15T10:00', '2026-02-15T10:00'],
  ['2026-01-15T10:00', '2026-02-15T10:00', '2026-02-15T10:00', '2026-03-15T10:00'],
  ['2026-01-31T00:00', '2026-02-28T00:00', '2026-02-28T00:00', '2026-03-31T00:00'],
  ['2026-01-31T00:00', '2026-02-27T23:59', '2026-01-31T00:00', '2026-02-28T00:00'],
  ['2026-01-31T00:00', '2026-04-15T00:00', '2026-03-31T00:00', '2026-04-30T00:00'],
  ['2025-11-30T00:00', '2027-03-01T00:00', '2027-02-28T00:00', '2027-03-30T00:00'],
])('a monthly plan begun %s counts at %s from %s until %s', (begun, now, start, end) => {
  expect(countingPeriod(monthly(begun), at(now))).toEqual({ start: at(start), end: at(end) });
});

test('no month goes past the end of the term', () => {
  const term = monthly('2026-01-15T00:00', '2026-03-01T00:00');
  expect(countingPeriod(term, at('2026-02-20T00:00'))).toEqual({ start: at('2026-02-15T00:00'), end: term.period_end });
});

test('the month after December is January', () => {
  const period = calendarMonth(at('2026-12-31T23:59'));
  expect(period).toEqual({ start: at('2026-12-01T00:00'), end: at('2027-01-01T00:00') });
});
