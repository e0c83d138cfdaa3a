import { tooMany } from '../limits/limit-rate.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { Authenticated, KeyCache } from './key-cache.ts';

/**
 * Whom a key stands for that came from `address`; undefined for a key nobody has. Unknown keys are counted by address,
 * and beyond the limit not even looked up (`rate_limited`), so that trying keys out costs nobody else anything. A key
 * that is remembered is never refused.
 */
export async function recognize<A extends Authenticated>(
  { keys, rateLimits }: { keys: KeyCache<A>; rateLimits: RateLimits },
  key: string,
  address: () => string,
): Promise<A | undefined> {
  const remembered = keys.remembered(key);
  if (remembered) return remembered;
  const refusal = rateLimits.refusal('address', address());
  if (refusal) throw tooMany(refusal);
  const found = await keys.authenticate(key);
  if (found) return found;
  const verdict = await rateLimits.count('address', address());
  if (verdict && !verdict.allowed) throw tooMany(verdict);
  return undefined;
}
