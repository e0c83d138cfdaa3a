import { createUser } from '@vexa/shared/accounts/create-user';
import { issueToken } from '@vexa/shared/accounts/issue-token';
import type { Db } from '@vexa/shared/db/client';

export interface Seed {
  email: string;
  maxConcurrentBots: number;
}

/**
 * The first user of an installation, such as a retailer's system user, with a key for everything. Safe to run twice and
 * at once: who is there already is left as they are, and gets no second key (`key` is undefined).
 */
export async function seedUser(db: Db, { email, maxConcurrentBots }: Seed): Promise<{ userId: number; key?: string }> {
  return db.transaction(async (tx) => {
    const { user, created } = await createUser(tx, { email, max_concurrent_bots: maxConcurrentBots });
    if (!created) return { userId: user.id };
    const { token } = await issueToken(tx, { userId: user.id, scopes: ['*'], name: 'seed' });
    return { userId: user.id, key: token };
  });
}
