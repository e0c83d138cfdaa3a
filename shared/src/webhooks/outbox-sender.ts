import type { Db } from '../db/client.ts';
import { errorFields, type Logger } from '../logging.ts';
import { startWorkQueue, type WorkQueue } from '../work-queue.ts';
import { guardedAgent, type Lookup } from './address-guard.ts';
import { type DeliverDeps, type DeliveryResult, deliverWebhook } from './deliver.ts';
import { claimDue, markDelivered, markFailed, trimSettled, type WebhookDelivery } from './delivery-store.ts';
import { disableEndpoint, findEndpoint, secretsOf } from './endpoint-store.ts';
import { nextDelayMs } from './schedule.ts';

export interface OutboxSenderOptions {
  db: Db;
  logger: Logger;
  /** See `isAllowedHost`. */
  allowedHosts: readonly string[];
  /** Deliveries under way at once in this process. */
  parallel?: number;
  /** Deliveries under way at once to one user's endpoint, so that a slow one cannot hold all the places. */
  perEndpoint?: number;
  pollMs?: number;
  timeoutMs?: number;
  /** How long a claimed event belongs to its sender; must be longer than the timeout. */
  leaseMs?: number;
  /** How long events are kept after they were made, once delivered or given up. */
  keepMs?: number;
  /** Told of every attempt: `dead` is a failure after which no other follows. */
  onAttempt?: (outcome: AttemptOutcome) => void;
  now?: () => Date;
  random?: () => number;
  lookup?: Lookup;
}

export type AttemptOutcome = 'delivered' | 'failed' | 'dead';

const dayMs = 86_400_000;
const trimEveryMs = 60_000;
const trimmedAtOnce = 1_000;

/**
 * Sends what is in the outbox until accepted or dead. Any number of senders may run: each event is claimed by one,
 * and goes to another (under the same id) once the lease of a sender that died is over. Disposal lets deliveries
 * under way end.
 */
export function startOutboxSender(options: OutboxSenderOptions): WorkQueue {
  const { db, logger, parallel = 16, perEndpoint = 4, pollMs = 1_000, timeoutMs = 15_000, leaseMs = 60_000 } = options;
  const { keepMs = 30 * dayMs, onAttempt = () => {}, now = () => new Date(), random = Math.random } = options;
  const dispatcher = guardedAgent({
    allowedHosts: options.allowedHosts,
    connectTimeoutMs: Math.min(timeoutMs, 10_000),
    ...(options.lookup ? { lookup: options.lookup } : {}),
  });
  let trimmedAt = Number.NEGATIVE_INFINITY;

  const trim = async (): Promise<void> => {
    if (performance.now() - trimmedAt < trimEveryMs) return;
    trimmedAt = performance.now();
    await trimSettled(db, { before: new Date(now().getTime() - keepMs), limit: trimmedAtOnce });
  };

  const queue = startWorkQueue<WebhookDelivery>({
    parallel,
    pollMs,
    async claim(limit, underWay) {
      try {
        await trim();
        return await claimDue(db, { now: now(), leaseMs, limit, perUser: perEndpoint, underWay: byUser(underWay) });
      } catch (error) {
        logger.error(errorFields(error), 'webhook outbox not readable');
        return [];
      }
    },
    async work(delivery) {
      try {
        const result = await attempt({ db, dispatcher, timeoutMs, now }, delivery);
        onAttempt(await settle({ db, logger, now, random }, delivery, result));
      } catch (error) {
        // The database is away: the lease brings the event back.
        logger.error({ ...errorFields(error), webhook_id: delivery.id }, 'webhook attempt not recorded');
      }
    },
  });
  return {
    nudge: queue.nudge,
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await dispatcher.close();
    },
  };
}

function byUser(deliveries: readonly WebhookDelivery[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { user_id } of deliveries) counts.set(user_id, (counts.get(user_id) ?? 0) + 1);
  return counts;
}

async function attempt({ db, ...deps }: DeliverDeps & { db: Db }, delivery: WebhookDelivery): Promise<DeliveryResult> {
  const endpoint = await findEndpoint(db, delivery.user_id);
  if (!endpoint?.enabled) return { ok: false, error: 'the user has no enabled endpoint', gone: true };
  const result = await deliverWebhook(deps, {
    url: endpoint.url,
    secrets: secretsOf(endpoint, deps.now()),
    id: delivery.id,
    body: JSON.stringify(delivery.body),
  });
  if (!result.ok && result.gone) await disableEndpoint(db, delivery.user_id, endpoint.url);
  return result;
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
): Promise<AttemptOutcome> {
  const fields = { webhook_id: id, event_type, attempt: attempts, status: result.status };
  if (result.ok) {
    await markDelivered(db, id, { now: now(), status: result.status });
    logger.info(fields, 'webhook delivered');
    return 'delivered';
  }
  const { retryAfterMs, error, gone } = result;
  const delay = gone ? undefined : nextDelayMs({ attempts, retryAfterMs, random: random() });
  const nextAttemptAt = delay === undefined ? undefined : new Date(now().getTime() + delay);
  await markFailed(db, id, { attempts, status: result.status, error, nextAttemptAt });
  logger.warn({ ...fields, error, next_attempt_at: nextAttemptAt }, 'webhook failed');
  return nextAttemptAt ? 'failed' : 'dead';
}
