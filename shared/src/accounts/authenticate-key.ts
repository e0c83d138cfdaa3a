import { sql } from 'drizzle-orm';
import { Identity } from '../contracts/internal.ts';
import type { Db } from '../db/client.ts';
import { hashKey } from './key.ts';
import { knownScopes } from './token-store.ts';

interface KeyRow extends Record<string, unknown> {
  user_id: number;
  email: string;
  scopes: string[];
  max_concurrent_bots: number;
  plan: string | null;
}

/**
 * Whom a key stands for; undefined when it is unknown, expired or revoked. One statement, which also notes the use,
 * at most once a minute; a row somebody else is busy with is skipped, so that no request waits for another.
 */
export async function authenticateKey(db: Db, key: string): Promise<Identity | undefined> {
  const hash = hashKey(key);
  const rows = await db.execute<KeyRow>(sql`
    with noted as (
      update api_tokens set last_used_at = now()
      where id = (
        select id from api_tokens
        where token_hash = ${hash} and (last_used_at is null or last_used_at < now() - interval '1 minute')
          and revoked_at is null and (expires_at is null or expires_at > now())
        for no key update skip locked
      )
    )
    select u.id as user_id, u.email, coalesce(p.max_concurrent_bots, u.max_concurrent_bots) as max_concurrent_bots,
      t.scopes, p.name as plan
    from api_tokens t join users u on u.id = t.user_id
      left join user_plans up on up.user_id = u.id left join plans p on p.id = up.plan_id
    where t.token_hash = ${hash} and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())`);
  const [row] = rows;
  return row && Identity.parse({ ...row, scopes: knownScopes(row.scopes) });
}
