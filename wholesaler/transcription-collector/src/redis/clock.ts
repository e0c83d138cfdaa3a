import type { Redis } from 'ioredis';

/** Stream ids carry Redis's clock, so the age of what they name is taken by it too: ms since the epoch. */
export async function redisNowMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
