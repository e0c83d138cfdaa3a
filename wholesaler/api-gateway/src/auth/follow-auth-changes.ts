import { channels } from '@vexa/shared/contracts/redis-names';
import type { LiveServer } from '@vexa/shared/live/live-server';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { SharedSubscriber } from '@vexa/shared/redis/shared-subscriber';
import type { GatewayKeys } from './gateway-keys.ts';

interface Deps {
  subscriber: SharedSubscriber;
  keys: GatewayKeys;
  live: LiveServer;
  logger: Logger;
}

const retryMs = 5_000;

/**
 * Forgets a user when admin-api says that they or their keys changed. What was said while Redis was away was missed:
 * then everything is forgotten, and live clients connect anew. Until the first subscription holds, keys are still
 * looked up again after 30 s.
 */
export function followAuthChanges({ subscriber, keys, live, logger }: Deps): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const onChange = (message: string) => {
    const userId = Number(message);
    keys.forgetUser(userId);
    void live.recheck(userId);
  };
  const subscribe = () => {
    subscriber.subscribe(channels.authChanged, onChange).then(
      () => keys.forgetAll(),
      (error: unknown) => {
        if (stopped) return;
        logger.warn(errorFields(error), 'changes of keys are not announced to this gateway yet');
        timer = setTimeout(subscribe, retryMs);
      },
    );
  };
  subscribe();
  subscriber.onReconnected(() => {
    keys.forgetAll();
    live.restart();
  });
  return {
    [Symbol.dispose]() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
