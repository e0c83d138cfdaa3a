import { sql } from 'drizzle-orm';
import type { Db } from '../db/client.ts';
import { notFound, ServiceError } from '../errors.ts';
import { deleteUserRow } from './user-store.ts';

interface Deps {
  db: Db;
  hasLiveMeetings: (tx: Db, userId: number) => Promise<boolean>;
}

/**
 * Deletes a user with their keys, plan and referrals; who owns their meetings finds them without a user and erases
 * them. Throws `not_found`, or `conflict` while a bot is in a meeting for them. The lock lets no bot start in between.
 */
export function deleteUser({ db, hasLiveMeetings }: Deps, userId: number): Promise<void> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select 1 from users where id = ${userId} for update`);
    if (await hasLiveMeetings(tx, userId)) {
      throw new ServiceError('conflict', 'A bot is in a meeting for this user: stop it and wait for its end.');
    }
    if (!(await deleteUserRow(tx, userId))) throw notFound('User');
  });
}
