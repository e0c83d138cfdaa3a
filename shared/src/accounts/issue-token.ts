import type { IssuedToken } from '../contracts/accounts.ts';
import type { Scope } from '../contracts/internal.ts';
import type { Db } from '../db/client.ts';
import { isForeignKeyViolation } from '../db/pg-error.ts';
import { notFound } from '../errors.ts';
import { makeKey } from './key.ts';
import { insertToken } from './token-store.ts';

export interface IssueTokenInput {
  userId: number;
  /** Left out: everything. */
  scopes?: Scope[] | null | undefined;
  name?: string | null | undefined;
  /** Left out: never. */
  expiresInSeconds?: number | null | undefined;
}

/** Makes a key for a user. `token` is the key itself and is kept nowhere. Throws `not_found`. */
export async function issueToken(db: Db, input: IssueTokenInput): Promise<IssuedToken> {
  const { token, prefix, hash } = makeKey();
  const row = {
    userId: input.userId,
    hash,
    prefix,
    scopes: input.scopes ?? ['*' as const],
    name: input.name ?? null,
    expiresInSeconds: input.expiresInSeconds ?? null,
  };
  try {
    return { ...(await insertToken(db, row)), token };
  } catch (error) {
    if (isForeignKeyViolation(error)) throw notFound('User');
    throw error;
  }
}
