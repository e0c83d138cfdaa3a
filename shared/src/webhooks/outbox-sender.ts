import type { Db } from '../db/client.ts';
import { errorFields, type Logger } from '../logging.ts';
import { guardedAgent, type Lookup } from './address-guard.ts';
import { type DeliveryResult, deliverWebhook } from './deliver.ts';
import { claimDue, markDelivered, markFailed, type WebhookDelivery } from './delivery-store.ts';
import { disableEndpoint, findEndpoint } from './endpoint-store.ts';
import { nextDelayMs } from './schedule.ts';

export interface OutboxSenderOptions {
  db: Db;
  logger: Logger;
  /** See `isAllowedHost`. */
  allowedHosts: readonly string[];
  /** Deliveries under way at once in this process. */
  parallel?: number;
  pollMs?: number;
  timeoutMs?: number;
  /** How long a claimed event belongs to its sender; must be longer than the timeout. */
  leaseMs?: number;
  now?: () => Date;
  random?: () => number;
  lookup?: Lookup;
}

export interface OutboxSender extends AsyncDisposable {
  /** Looks for due events now instead of at the next poll. */
  nudge(): void;
}

/**
 * Sends what is in the outbox until accepted or dead. Any number of senders may run: each event is claimed by one,
 * and goes to another (under the same id) once the lease of a sender that died is over. Disposal lets deliveries
 * under way end.
 */
export function startOutboxSender(options: OutboxSenderOptions): OutboxSender {
  const { db, logger, parallel = 8, pollMs = 1_000, timeoutMs = 15_000, leaseMs = 60_000 } = options;
  const now = options.now ?? (() => new Date());
  const random = options.random ?? Math.random;
  const dispatcher = guardedAgent({
    allowedHosts: options.allowedHosts,
    connectTimeoutMs: Math.min(timeoutMs, 10_000),
    ...(options.lookup ? { lookup: options.lookup } : {}),
  });
  const underWay = new Set<Promise<void>>();
  let stopping = false;
  let wake = Promise.withResolvers<void>();

  const attempt = async (delivery: WebhookDelivery): Promise<void> => {
    try {
      const endpoint = await findEndpoint(db, delivery.user_id);
      const result: DeliveryResult = endpoint?.enabled
        ? await deliverWebhook(
            { dispatcher, timeoutMs, now },
            { url: endpoint.url, secrets: [endpoint.secret], id: delivery.id, body: JSON.stringify(delivery.body) },
          )
        : { ok: false, error: 'the user has no enabled endpoint', gone: true };
      if (!result.ok && result.gone && endpoint?.enabled) await disableEndpoint(db, delivery.user_id, endpoint.url);
      await settle({ db, logger, now, random }, delivery, result);
    } catch (error) {
      // The database is away: the lease brings the event back.
      logger.error({ ...errorFields(error), webhook_id: delivery.id }, 'webhook attempt not recorded');
    }
  };

  const claim = async (): Promise<WebhookDelivery[]> => {
    const limit = parallel - underWay.size;
    if (limit <= 0) return [];
    try {
      return await claimDue(db, { now: now(), leaseMs, limit });
    } catch (error) {
      logger.error(errorFields(error), 'webhook outbox not readable');
      return [];
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping) {
      wake = Promise.withResolvers<void>();
      for (const delivery of await claim()) {
        const done = attempt(delivery).finally(() => {
          underWay.delete(done);
          wake.resolve();
        });
        underWay.add(done);
      }
      const poll = setTimeout(() => wake.resolve(), pollMs);
      await wake.promise;
      clearTimeout(poll);
    }
  };
  const running = run();

  return {
    nudge: () => wake.resolve(),
    async [Symbol.asyncDispose]() {
      stopping = true;
      wake.resolve();
      await running;
      await Promise.all(underWay);
      await dispatcher.close();
    },
  };
}

interface SettleDeps {
  db: Db;
  logger: Logger;
  now: () => Date;
  random: () => number;
}

async function settle(
  { db, logger, now, random }: SettleDeps,
  { id, event_type, attempts }: WebhookDelivery,
  result: DeliveryResult,
): Promise<void> {
  const fields = { webhook_id: id, event_type, attempt: attempts, status: result.status };
  if (result.ok) {
    await markDelivered(db, id, { now: now(), status: result.status });
    return logger.info(fields, 'webhook delivered');
  }
  const { retryAfterMs, error, gone } = result;
  const delay = gone ? undefined : nextDelayMs({ attempts, retryAfterMs, random: random() });
  const nextAttemptAt = delay === undefined ? undefined : new Date(now().getTime() + delay);
  await markFailed(db, id, { attempts, status: result.status, error, nextAttemptAt });
  logger.warn({ ...fields, error, next_attempt_at: nextAttemptAt }, 'webhook failed');
}
