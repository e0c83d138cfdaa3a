import { createHash } from 'node:crypto';
import { and, eq, lt, sql } from 'drizzle-orm';
import type { Db } from '../db/client.ts';
import { idempotencyKeys } from '../db/tables/accounts.ts';

/** A request that may be repeated: whose, under which key, and what it asked. */
export interface IdempotencyKey {
  userId: number;
  key: string;
  requestHash: string;
}

export const hashRequest = (request: unknown): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('hex');

/** False while another request with the same key is under way. Held until the transaction ends. */
export async function lockKey(tx: Db, { userId, key }: IdempotencyKey): Promise<boolean> {
  const name = `idempotency:${userId}:${key}`;
  const [row] = await tx.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`,
  );
  return row?.locked ?? false;
}

export interface Answer {
  status: number;
  body: unknown;
}

export async function findAnswer(
  tx: Db,
  { userId, key }: IdempotencyKey,
): Promise<(Answer & { requestHash: string }) | undefined> {
  const [row] = await tx.select().from(idempotencyKeys).where(matches(userId, key));
  return row && { requestHash: row.request_hash, status: row.response_status ?? 200, body: row.response_body };
}

export async function storeAnswer(tx: Db, { userId, key, requestHash }: IdempotencyKey, answer: Answer): Promise<void> {
  await tx.insert(idempotencyKeys).values({
    user_id: userId,
    key,
    request_hash: requestHash,
    response_status: answer.status,
    response_body: answer.body,
  });
}

export async function replaceAnswer(db: Db, { userId, key }: IdempotencyKey, body: unknown): Promise<void> {
  await db.update(idempotencyKeys).set({ response_body: body }).where(matches(userId, key));
}

/** The request failed after all, and may be tried again under its key. */
export async function forgetAnswer(db: Db, { userId, key }: IdempotencyKey): Promise<void> {
  await db.delete(idempotencyKeys).where(matches(userId, key));
}

export async function forgetAnswersBefore(db: Db, time: Date): Promise<void> {
  await db.delete(idempotencyKeys).where(lt(idempotencyKeys.created_at, time));
}

const matches = (userId: number, key: string) => and(eq(idempotencyKeys.user_id, userId), eq(idempotencyKeys.key, key));
