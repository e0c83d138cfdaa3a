import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether both are the same; how long the answer takes says nothing of either. */
export const isSameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected));

const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
