import { asc, eq, gt, type SQL, sql } from 'drizzle-orm';
import type { User } from '../contracts/accounts.ts';
import type { Db } from '../db/client.ts';
import { users } from '../db/tables/accounts.ts';

type UserRow = typeof users.$inferSelect;
export type NewUser = Omit<typeof users.$inferInsert, 'id' | 'created_at'>;

const toUser = (row: UserRow): User => ({ ...row, created_at: row.created_at.toISOString() });
const hasEmail = (email: string): SQL => sql`lower(${users.email}) = lower(${email})`;

/** Undefined when the email is taken. */
export async function insertUser(db: Db, user: NewUser): Promise<User | undefined> {
  const [row] = await db.insert(users).values(user).onConflictDoNothing().returning();
  return row && toUser(row);
}

export async function findUser(db: Db, id: number): Promise<User | undefined> {
  const [row] = await db.select().from(users).where(eq(users.id, id));
  return row && toUser(row);
}

export async function findUserByEmail(db: Db, email: string): Promise<User | undefined> {
  const [row] = await db.select().from(users).where(hasEmail(email));
  return row && toUser(row);
}

/** Undefined when there is no such user. Rejects with Postgres code 23505 when the email is another user's. */
export async function updateUserRow(db: Db, id: number, changes: Partial<NewUser>): Promise<User | undefined> {
  const [row] = await db.update(users).set(changes).where(eq(users.id, id)).returning();
  return row && toUser(row);
}

export async function deleteUserRow(db: Db, id: number): Promise<boolean> {
  return (await db.delete(users).where(eq(users.id, id)).returning({ id: users.id })).length > 0;
}

export interface PageWindow {
  afterId: number | undefined;
  offset: number;
  limit: number;
}

export async function selectUsers(db: Db, { afterId, offset, limit }: PageWindow): Promise<User[]> {
  const rows = await db
    .select()
    .from(users)
    .where(afterId === undefined ? undefined : gt(users.id, afterId))
    .orderBy(asc(users.id))
    .offset(offset)
    .limit(limit);
  return rows.map(toUser);
}
