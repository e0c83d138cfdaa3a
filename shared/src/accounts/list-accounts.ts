import type { AccountListQuery, ApiToken, User } from '../contracts/accounts.ts';
import type { Plan } from '../contracts/plans.ts';
import type { Db } from '../db/client.ts';
import { notFound } from '../errors.ts';
import { decodeIdCursor, encodeIdCursor } from '../http/cursor.ts';
import { selectPlans } from './plans/plan-store.ts';
import { selectTokens } from './token-store.ts';
import { findUser, type PageWindow, selectUsers } from './user-store.ts';

export interface Page<T> {
  items: T[];
  nextCursor: string | undefined;
}

/** Users by id, oldest first. Throws `validation_error` on a cursor that is none. */
export const listUsers = async (db: Db, query: AccountListQuery): Promise<Page<User>> =>
  toPage(await selectUsers(db, pageWindow(query)), query.limit);

/** Plans by id, oldest first. Throws `validation_error` on a cursor that is none. */
export const listPlans = async (db: Db, query: AccountListQuery): Promise<Page<Plan>> =>
  toPage(await selectPlans(db, pageWindow(query)), query.limit);

/** A user's tokens, newest first. Throws `not_found`, or `validation_error` on a cursor that is none. */
export async function listTokens(db: Db, userId: number, query: AccountListQuery): Promise<Page<ApiToken>> {
  const tokens = await selectTokens(db, userId, pageWindow(query));
  if (tokens.length === 0 && !(await findUser(db, userId))) throw notFound('User');
  return toPage(tokens, query.limit);
}

/** One row more than asked for tells whether another page follows. */
export const pageWindow = (query: AccountListQuery): PageWindow => ({
  afterId: query.cursor === undefined ? undefined : decodeIdCursor(query.cursor),
  offset: query.offset ?? query.skip ?? 0,
  limit: query.limit + 1,
});

/** A page of rows that were selected with `pageWindow`. */
export function toPage<T extends { id: number }>(rows: T[], limit: number): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeIdCursor(last.id) : undefined };
}
