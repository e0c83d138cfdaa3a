import { describe, expect, it } from 'vitest';
import { nextDelayMs, parseRetryAfter } from './schedule.ts';

describe('the webhook schedule', () => {
  it('waits 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h and then gives up', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((attempts) => nextDelayMs({ attempts, random: 0.5 }));
    const hours = [2, 5, 10, 14, 20, 24].map((h) => h * 3_600_000);
    expect(delays).toEqual([5_000, 300_000, 1_800_000, ...hours, undefined]);
  });

  it('spreads each wait by ten percent both ways', () => {
    expect(nextDelayMs({ attempts: 1, random: 0 })).toBe(4_500);
    expect(nextDelayMs({ attempts: 1, random: 1 })).toBe(5_500);
  });

  it('waits as long as the receiver asks, at most a day', () => {
    expect(nextDelayMs({ attempts: 1, random: 0.5, retryAfterMs: 60_000 })).toBe(60_000);
    expect(nextDelayMs({ attempts: 2, random: 0.5, retryAfterMs: 60_000 })).toBe(300_000);
    expect(nextDelayMs({ attempts: 1, random: 0.5, retryAfterMs: 1e12 })).toBe(86_400_000);
  });

  it('reads Retry-After as seconds or as a date', () => {
    const now = new Date('2026-08-01T09:00:00Z');
    expect(parseRetryAfter('120', now)).toBe(120_000);
    expect(parseRetryAfter('Sat, 01 Aug 2026 09:01:00 GMT', now)).toBe(60_000);
    expect(parseRetryAfter('Sat, 01 Aug 2026 08:00:00 GMT', now)).toBeUndefined();
    expect(parseRetryAfter('soon', now)).toBeUndefined();
    expect(parseRetryAfter(undefined, now)).toBeUndefined();
  });
});
