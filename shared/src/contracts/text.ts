import { z } from '@hono/zod-openapi';

const maxNodes = 1_000;

/** Whether Postgres can store the value: no NUL, no half of a surrogate pair, at most 1000 keys and items in all. */
export function isStorable(value: unknown): boolean {
  const left: unknown[] = [value];
  for (let seen = 0; left.length > 0; seen++) {
    if (seen > maxNodes || left.length > maxNodes) return false;
    const next = left.pop();
    if (typeof next === 'string' && (!next.isWellFormed() || next.includes('\0'))) return false;
    if (typeof next === 'object' && next !== null) {
      for (const [key, item] of Object.entries(next)) left.push(key, item);
    }
  }
  return true;
}

/** Text a person wrote, of at most `max` UTF-16 units. */
export const StorableText = (max: number) =>
  z.string().max(max).refine(isStorable, { message: 'must be text without NUL characters' });
