import type { Db } from '@vexa/shared/db/client';
import type { Checks } from '@vexa/shared/http/health';
import { type Metrics, watchGauge } from '@vexa/shared/http/metrics';
import { Counter, Gauge } from 'prom-client';
import { countDue } from './finish/finish-store.ts';
import type { Drift } from './sync/sync-meeting.ts';
import type { WholesalerClient } from './wholesaler/client.ts';
import type { WebhookRegistration } from './wholesaler/webhook-registration.ts';

interface Parts {
  client: Pick<WholesalerClient, 'breakers'>;
  hub: { readonly isOpen: boolean; readonly meetings: number };
  registration: WebhookRegistration;
}

interface Watched extends Omit<Parts, 'registration'> {
  db: Db;
  feeds: { readonly size: number };
}

/** For `/health/ready`: what this service does without for a while. */
export const watchedParts = ({ client, hub, registration }: Parts): Checks => ({
  wholesaler: async () => {
    const open = Object.entries(client.breakers()).filter(([, { state }]) => state === 'open');
    if (open.length > 0) throw new Error(`does not answer (${open.map(([operation]) => operation).join(', ')})`);
  },
  live_socket: async () => {
    if (hub.meetings > 0 && !hub.isOpen) throw new Error('is being connected');
  },
  webhook_registration: async () => {
    if (registration.state() === 'pending') throw new Error('is pending');
  },
});

const states = { closed: 0, half_open: 0.5, open: 1 } as const;

/** What an operator watches of the retailer, besides requests, webhooks and the process itself. */
export function watchRetailer({ registry }: Metrics, { db, client, feeds, hub }: Watched): void {
  const gauge = watchGauge.bind(null, registry);
  new Gauge({
    name: 'vexa_retailer_breaker_open',
    help: 'Whether calls to the wholesaler are refused at once: 1 open, 0.5 trying again, 0 closed.',
    labelNames: ['operation'] as const,
    registers: [registry],
    collect() {
      for (const [operation, { state }] of Object.entries(client.breakers())) this.set({ operation }, states[state]);
    },
  });
  gauge('vexa_retailer_pending_finishes', 'Meetings that are over upstream and not settled here.', () => countDue(db));
  gauge('vexa_transcript_followers', 'Readers that follow a transcript as server-sent events.', () => feeds.size);
  gauge('vexa_retailer_live_meetings', 'Meetings that somebody hears live.', () => hub.meetings);
  gauge('vexa_retailer_live_socket_open', 'Whether the live socket to the wholesaler is open.', () => +hub.isOpen);
}

/** `vexa_retailer_drift_total{kind}`: give the result to the sync. */
export function countDrift({ registry }: Metrics): (kind: Drift) => void {
  const counter = new Counter({
    name: 'vexa_retailer_drift_total',
    help: 'Meetings that differed from the wholesaler and were put right by the sync.',
    labelNames: ['kind'] as const,
    registers: [registry],
  });
  return (kind) => counter.inc({ kind });
}
