import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@vexa/shared/logging';
import type { RotatingSecrets } from '../secrets/rotating-secrets.ts';
import type { WholesalerClient } from './client.ts';

export interface WebhookRegistration extends AsyncDisposable {
  state(): 'off' | 'pending' | 'registered';
}

interface Deps {
  client: Pick<WholesalerClient, 'setWebhook'>;
  logger: Logger;
  /** The wholesaler is to sign with the first; when that changes, it is told again. */
  secrets: Pick<RotatingSecrets, 'values' | 'onChange'>;
}

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

export const inboundWebhookPath = '/webhooks/meeting-finished';

/** Tells the wholesaler where finished meetings are announced; tried in the background until it agrees. */
export function registerWebhook({ client, logger, secrets }: Deps, publicUrl: string | undefined): WebhookRegistration {
  const stopping = new AbortController();
  let state: ReturnType<WebhookRegistration['state']> = 'off';
  const run = async (url: string) => {
    state = 'pending';
    for (let delayMs = firstRetryMs; !stopping.signal.aborted; delayMs = Math.min(delayMs * 2, longestRetryMs)) {
      const [signedWith = ''] = secrets.values;
      try {
        await client.setWebhook(url, signedWith);
        if (secrets.values[0] !== signedWith) continue;
        state = 'registered';
        return logger.info({ url }, 'finished meetings are announced to us');
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.warn({ reason, retry_in_ms: delayMs }, 'the webhook is not registered at the wholesaler yet');
      }
      await wait(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined); // ended by disposal
    }
  };
  let running: Promise<void> = Promise.resolve();
  if (publicUrl) {
    const url = publicUrl.replace(/\/+$/, '') + inboundWebhookPath;
    running = run(url);
    let registered = secrets.values[0];
    secrets.onChange(([first]) => {
      if (first === registered) return;
      registered = first;
      running = running.then(() => run(url));
    });
  }
  return {
    state: () => state,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
