import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { adminSecurity, json } from '@vexa/shared/contracts/routes/parts';
import { problems } from '@vexa/shared/contracts/routes/problems';
import type { Db } from '@vexa/shared/db/client';
import type { BaseVariables } from '@vexa/shared/http/app';
import { countDue } from '../finish/finish-store.ts';
import type { SyncSchedule } from '../sync/sync-schedule.ts';
import type { WholesalerClient } from '../wholesaler/client.ts';
import type { WebhookRegistration } from '../wholesaler/webhook-registration.ts';

const Time = z.iso.datetime();

const SyncReportBody = z
  .object({
    started_at: Time,
    finished_at: Time,
    compared: z.int(),
    unanswered: z.int(),
    events_applied: z.int(),
    purged: z.int(),
    drift: z.array(z.object({ meeting_id: z.int(), kind: z.string() })),
  })
  .openapi('SyncReport');

const BreakerBody = z.object({
  state: z.enum(['closed', 'open', 'half_open']),
  successes: z.int(),
  failures: z.int(),
  rejected: z.int(),
  mean_ms: z.int(),
  p95_ms: z.int(),
});

const WholesalerBody = z
  .object({
    url: z.string(),
    service_layer_id: z.string(),
    webhook: z.enum(['off', 'pending', 'registered']),
    breakers: z.object({ start: BreakerBody, stop: BreakerBody, read: BreakerBody, delete: BreakerBody }),
    /** Meetings that are over at the wholesaler and not settled here yet. */
    pending_finishes: z.int(),
    last_sync: SyncReportBody.nullable(),
  })
  .openapi('WholesalerState');

const getWholesalerRoute = createRoute({
  tags: ['Admin'],
  security: adminSecurity,
  method: 'get',
  path: '/admin/wholesaler',
  operationId: 'getWholesaler',
  summary: 'How the wholesaler is doing, seen from here; breakers count the last 10 seconds',
  responses: { 200: json(WholesalerBody, 'Its state.'), ...problems(401, 503) },
});

const syncWholesalerRoute = createRoute({
  tags: ['Admin'],
  security: adminSecurity,
  method: 'post',
  path: '/admin/wholesaler/sync',
  operationId: 'syncWholesaler',
  summary: 'Compare every live meeting with the wholesaler now',
  responses: { 200: json(SyncReportBody, 'What was found and put right.'), ...problems(401, 503) },
});

export interface WholesalerAdminDeps {
  db: Db;
  client: Pick<WholesalerClient, 'breakers'>;
  wholesaler: { url: string; serviceLayerId: string };
  registration: WebhookRegistration;
  sync: SyncSchedule;
}

/** The guard of `/admin/*` is mounted before. */
export function mountWholesalerAdmin<V extends BaseVariables>(
  app: OpenAPIHono<{ Variables: V }>,
  { db, client, wholesaler, registration, sync }: WholesalerAdminDeps,
): void {
  app.openapi(getWholesalerRoute, async (c) =>
    c.json(
      {
        url: wholesaler.url,
        service_layer_id: wholesaler.serviceLayerId,
        webhook: registration.state(),
        breakers: client.breakers(),
        pending_finishes: await countDue(db),
        last_sync: sync.last() ?? null,
      },
      200,
    ),
  );
  app.openapi(syncWholesalerRoute, async (c) => c.json(await sync.run(), 200));
}
