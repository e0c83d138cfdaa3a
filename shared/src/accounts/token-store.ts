import { and, desc, eq, lt, sql } from 'drizzle-orm';
import type { ApiToken } from '../contracts/accounts.ts';
import { Scope } from '../contracts/internal.ts';
import type { Db } from '../db/client.ts';
import { apiTokens } from '../db/tables/accounts.ts';
import type { PageWindow } from './user-store.ts';

type TokenRow = typeof apiTokens.$inferSelect;

/** Scopes that this version does not know open nothing. */
export const knownScopes = (scopes: readonly string[]): Scope[] =>
  scopes.flatMap((scope) => Scope.safeParse(scope).data ?? []);

const toToken = ({ token_hash: _, ...row }: TokenRow): ApiToken => ({
  ...row,
  scopes: knownScopes(row.scopes),
  created_at: row.created_at.toISOString(),
  last_used_at: row.last_used_at?.toISOString() ?? null,
  expires_at: row.expires_at?.toISOString() ?? null,
  revoked_at: row.revoked_at?.toISOString() ?? null,
});

interface NewToken {
  userId: number;
  hash: string;
  prefix: string;
  scopes: Scope[];
  name: string | null;
  expiresInSeconds: number | null;
}

/** Expiry is reckoned by the database's clock, which is also the one that judges it. */
export async function insertToken(db: Db, token: NewToken): Promise<ApiToken> {
  const { expiresInSeconds } = token;
  const [row] = await db
    .insert(apiTokens)
    .values({
      user_id: token.userId,
      token_hash: token.hash,
      prefix: token.prefix,
      scopes: token.scopes,
      name: token.name,
      expires_at: expiresInSeconds === null ? null : sql`now() + make_interval(secs => ${expiresInSeconds})`,
    })
    .returning();
  if (!row) throw new Error('insert into api_tokens returned nothing');
  return toToken(row);
}

export async function selectTokens(
  db: Db,
  userId: number,
  { afterId, offset, limit }: PageWindow,
): Promise<ApiToken[]> {
  const rows = await db
    .select()
    .from(apiTokens)
    .where(and(eq(apiTokens.user_id, userId), afterId === undefined ? undefined : lt(apiTokens.id, afterId)))
    .orderBy(desc(apiTokens.id))
    .offset(offset)
    .limit(limit);
  return rows.map(toToken);
}

/** Whose token it was, or undefined when there is none. A token already revoked keeps its first time. */
export async function revokeTokenRow(db: Db, by: { id: number } | { hash: string }): Promise<number | undefined> {
  const [row] = await db
    .update(apiTokens)
    .set({ revoked_at: sql`coalesce(${apiTokens.revoked_at}, now())` })
    .where('id' in by ? eq(apiTokens.id, by.id) : eq(apiTokens.token_hash, by.hash))
    .returning({ user_id: apiTokens.user_id });
  return row?.user_id;
}
