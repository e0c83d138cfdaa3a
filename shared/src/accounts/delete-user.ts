import { sql } from 'drizzle-orm';
import type { Db } from '../db/client.ts';
import { notFound, ServiceError } from '../errors.ts';
import { deleteUserRow } from './user-store.ts';

export interface DeleteUserDeps {
  db: Db;
  /** Whether a bot is in a meeting for the user: such a user is not deleted. */
  hasLiveMeetings: (tx: Db, userId: number) => Promise<boolean>;
  /** Part of the deletion: asks whoever owns the user's meetings to erase them. */
  onDeleted?: (tx: Db, userId: number) => Promise<void>;
}

/**
 * Deletes a user with their keys, plan and referrals. Throws `not_found`, or `conflict` while a bot is in a meeting for
 * them. The lock lets no bot start in between.
 */
export function deleteUser({ db, hasLiveMeetings, onDeleted }: DeleteUserDeps, userId: number): Promise<void> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select 1 from users where id = ${userId} for update`);
    if (await hasLiveMeetings(tx, userId)) {
      throw new ServiceError('conflict', 'A bot is in a meeting for this user: stop it and wait for its end.');
    }
    if (!(await deleteUserRow(tx, userId))) throw notFound('User');
    await onDeleted?.(tx, userId);
  });
}
