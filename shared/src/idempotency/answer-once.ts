import type { Db } from '../db/client.ts';
import { fieldError, ServiceError } from '../errors.ts';
import { type Answer, findAnswer, hashRequest, type IdempotencyKey, lockKey, storeAnswer } from './answer-store.ts';
import { openAnswer, sealAnswer, sealedName } from './sealed-answer.ts';

/** Whose keys the operator's requests are under. */
export const operator = 0;

interface RepeatableRequest {
  userId: number;
  /** The header `Idempotency-Key`; without it the work is simply done. */
  key: string | undefined;
  /** Everything that makes it this request: route, ids of the path, body. */
  request: unknown;
  /** The answer holds a secret: it is stored encrypted with the key, which is then not stored itself. */
  sealed?: boolean;
}

/**
 * Does the work of a request once, however often it is sent: work and answer are stored in one transaction, and whoever
 * repeats the key is given the stored answer. Failed work stores nothing and may be tried again. Throws `conflict`
 * while the first one is still running, and `validation_error` when the key was used for another request.
 */
export async function answerOnce<A extends Answer>(
  db: Db,
  { userId, key, request, sealed = false }: RepeatableRequest,
  work: (tx: Db) => Promise<A>,
): Promise<A> {
  if (key === undefined) return work(db);
  const name = { userId, key: sealed ? sealedName(key) : key, requestHash: hashRequest(request) };
  return db.transaction(async (tx) => {
    const before = await answerBefore(tx, name);
    if (before) {
      const { status, body } = before;
      // What was stored is what `work` answered; JSON is all that was kept of it.
      return { status, body: sealed ? openAnswer(key, body) : body } as A;
    }
    const answer = await work(tx);
    await storeAnswer(tx, name, { status: answer.status, body: sealed ? sealAnswer(key, answer.body) : answer.body });
    return answer;
  });
}

/** The stored answer to this request, if there is one; takes the key for the rest of the transaction. */
export async function answerBefore(tx: Db, key: IdempotencyKey): Promise<Answer | undefined> {
  if (!(await lockKey(tx, key))) {
    throw new ServiceError('conflict', 'A request with this Idempotency-Key is still running.', {
      retryAfterSeconds: 1,
    });
  }
  const answer = await findAnswer(tx, key);
  if (answer && answer.requestHash !== key.requestHash) {
    throw fieldError(['header', 'Idempotency-Key'], 'was used for a different request');
  }
  return answer;
}
