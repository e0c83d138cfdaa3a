import { sql } from 'drizzle-orm';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Db } from '../db/client.ts';
import { watchGauge } from '../http/metrics.ts';
import type { AttemptOutcome } from './outbox-sender.ts';

/**
 * `vexa_webhook_attempts_total{outcome}`, `vexa_webhooks{status}` (pending, dead) and `vexa_webhook_oldest_due_seconds`, the last
 * two read from the outbox when they are asked for. Give the result to the sender as `onAttempt`.
 */
export function measureOutbox(registry: Registry, db: Db): (outcome: AttemptOutcome) => void {
  const registers = [registry];
  const attempts = new Counter({
    name: 'vexa_webhook_attempts_total',
    help: 'Attempts to deliver a webhook; dead is a failure after which no other follows.',
    labelNames: ['outcome'] as const,
    registers,
  });
  for (const outcome of ['delivered', 'failed', 'dead'] as const) attempts.inc({ outcome }, 0);
  new Gauge({
    name: 'vexa_webhooks',
    help: 'Webhooks in the outbox that wait to be sent, or were given up.',
    labelNames: ['status'] as const,
    registers,
    async collect() {
      // Written out, as only then Postgres takes the indexes over each of them.
      const [row] = await db.execute<{ pending: number; dead: number }>(sql`select
        (select count(*)::int from webhook_deliveries where status = 'pending') as pending,
        (select count(*)::int from webhook_deliveries where status = 'dead') as dead`);
      this.set({ status: 'pending' }, row?.pending ?? 0);
      this.set({ status: 'dead' }, row?.dead ?? 0);
    },
  });
  const oldest = 'For how long the webhook that should have been sent first has been waiting.';
  watchGauge(registry, 'vexa_webhook_oldest_due_seconds', oldest, async () => {
    const [row] = await db.execute<{ seconds: number }>(sql`select
      greatest(extract(epoch from now() - min(next_attempt_at)), 0)::float8 as seconds
      from webhook_deliveries where status = 'pending'`);
    return row?.seconds ?? 0;
  });
  return (outcome) => attempts.inc({ outcome });
}
