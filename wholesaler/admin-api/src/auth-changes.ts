import { channels } from '@vexa/shared/contracts/redis-names';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { connectRedis } from '@vexa/shared/redis/client';

export interface AuthChanges extends AsyncDisposable {
  announce(userId: number): void;
}

/**
 * Tells the gateways that what they remember of a user is void. The change is in the database already, and gateways
 * forget by themselves within 30 s, so nobody waits for Redis; disposal waits for what is under way.
 */
export function announceAuthChanges(redis: ReturnType<typeof connectRedis>, logger: Logger): AuthChanges {
  const underWay = new Set<Promise<void>>();
  return {
    announce(userId) {
      const sent = redis.publish(channels.authChanged, String(userId)).then(
        () => {},
        (error: unknown) => logger.warn({ ...errorFields(error), user_id: userId }, 'auth change was not announced'),
      );
      underWay.add(sent);
      void sent.finally(() => underWay.delete(sent));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(underWay);
    },
  };
}
