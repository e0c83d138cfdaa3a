import type { Db } from '../db/client.ts';
import { notFound } from '../errors.ts';
import { hashKey } from './key.ts';
import { revokeTokenRow } from './token-store.ts';

const largestId = 2_147_483_647;

/** Ends a token, named by its id or by itself; answers whose it was. Safe to repeat. Throws `not_found`. */
export async function revokeToken(db: Db, tokenOrId: string): Promise<{ userId: number }> {
  const isId = /^\d{1,10}$/.test(tokenOrId) && Number(tokenOrId) <= largestId;
  const userId = await revokeTokenRow(db, isId ? { id: Number(tokenOrId) } : { hash: hashKey(tokenOrId) });
  if (userId === undefined) throw notFound('Token');
  return { userId };
}
