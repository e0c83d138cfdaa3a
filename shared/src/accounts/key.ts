import { createHash, randomBytes } from 'node:crypto';

const keyPrefix = 'vxa_';
const shownCharacters = 12;

/** A new key: `vxa_` and 256 random bits. `prefix` is the part that may be shown later. */
export function makeKey(): { token: string; prefix: string; hash: string } {
  const token = keyPrefix + randomBytes(32).toString('base64url');
  return { token, prefix: token.slice(0, shownCharacters), hash: hashKey(token) };
}

/** SHA-256 (hex). A slow hash would add nothing: a key is random, not chosen by a person. */
export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');
