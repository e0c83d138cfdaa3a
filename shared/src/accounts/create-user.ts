import type { CreateUserRequest, User } from '../contracts/accounts.ts';
import type { Db } from '../db/client.ts';
import { ServiceError } from '../errors.ts';
import { findUserByEmail, insertUser } from './user-store.ts';

/** A new user (`created`), or, unchanged, the one who has this email already in whatever case of letters. */
export async function createUser(db: Db, input: CreateUserRequest): Promise<{ user: User; created: boolean }> {
  const inserted = await insertUser(db, {
    email: input.email,
    name: input.name ?? null,
    image_url: input.image_url ?? null,
    ...(typeof input.max_concurrent_bots === 'number' ? { max_concurrent_bots: input.max_concurrent_bots } : {}),
    data: input.data ?? {},
  });
  if (inserted) return { user: inserted, created: true };
  const user = await findUserByEmail(db, input.email);
  if (!user) throw new ServiceError('conflict', 'The user with this email was deleted just now; try again.');
  return { user, created: false };
}
