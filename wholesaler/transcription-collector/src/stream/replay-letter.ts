import { renewSessionToken } from '@vexa/shared/auth/session-token';
import { streams } from '@vexa/shared/contracts/redis-names';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type BuriedLetter, findDeadLetter, resendLetter } from './dead-letters.ts';

export type ReplayOutcome = 'replayed' | 'not found' | 'no message was kept' | 'its token cannot be trusted';

const replayable = new Set<string>([streams.segments, streams.speakerEvents]);
const WithToken = z.looseObject({ token: z.string() });

/**
 * Sends a dead letter's message once more. A message is kept only when its token was good at the time; one that expired
 * since is written anew. Its words count as said now, so that they never replace a newer revision wrongly: a final that
 * is there already stays, unless the message is a final too.
 */
export async function replayLetter(
  { redis, sessionTokenSecret }: { redis: Redis; sessionTokenSecret: string },
  id: string,
): Promise<ReplayOutcome> {
  const letter = await findDeadLetter(redis, id);
  if (!letter) return 'not found';
  const message = messageOf(letter);
  if (!message) return 'no message was kept';
  const token = await renewSessionToken(sessionTokenSecret, message.token);
  if (!token) return 'its token cannot be trusted';
  await resendLetter(redis, letter, JSON.stringify({ ...message, token }));
  return 'replayed';
}

function messageOf({ stream, payload }: BuriedLetter): z.infer<typeof WithToken> | undefined {
  if (!payload || !replayable.has(stream)) return undefined;
  try {
    return WithToken.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined; // was buried because it is not JSON
  }
}
