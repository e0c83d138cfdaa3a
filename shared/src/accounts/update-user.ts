import type { UpdateUserRequest, User } from '../contracts/accounts.ts';
import type { Db } from '../db/client.ts';
import { isUniqueViolation } from '../db/pg-error.ts';
import { notFound, ServiceError } from '../errors.ts';
import { findUser, type NewUser, updateUserRow } from './user-store.ts';

/** Changes the given fields. Throws `not_found`, or `conflict` when the email is another user's. */
export async function updateUser(db: Db, userId: number, input: UpdateUserRequest): Promise<User> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const changes: Partial<NewUser> = Object.fromEntries(given);
  try {
    const user = given.length === 0 ? await findUser(db, userId) : await updateUserRow(db, userId, changes);
    if (!user) throw notFound('User');
    return user;
  } catch (error) {
    if (isUniqueViolation(error)) throw new ServiceError('conflict', 'Another user has this email.', { cause: error });
    throw error;
  }
}
