import { waitFor } from '@vexa/shared/testing/wait-for';
import {
  idempotencyKeys,
  meetings,
  userErasures,
  users,
  webhookDeliveries,
  webhookEndpoints,
} from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { createFakeRunner } from './fake-runner.ts';
import { newUser, report, startCollector, startManager, untilStatus, useStores } from './fixture.ts';

const stores = useStores();

it('what a deleted user left is erased, also when the collector was away at first, and nothing of others', async () => {
  const { db } = stores.connection;
  const runner = createFakeRunner();
  const collector = await startCollector();
  await using manager = await startManager(stores, { collector, runner });
  const attend = async (user: Awaited<ReturnType<typeof newUser>>, room: string) => {
    const metadata = { crm: 'deal-17' };
    await user('POST', '/bots', { platform: 'local', native_meeting_id: room, metadata }, { 'idempotency-key': room });
    const bot = runner.started.at(-1)!;
    for (const status of ['joining', 'active', 'completed'] as const) await report(bot, status);
    return untilStatus(user, room, 'completed');
  };
  const [gone, stays] = [await newUser(stores, manager), await newUser(stores, manager)];
  await gone('PUT', '/user/webhook', { webhook_url: 'http://127.0.0.1:9/hook' });
  const lost = [await attend(gone, 'room-1'), await attend(gone, 'room-2')];
  const kept = await attend(stays, 'room-1');
  await collector[Symbol.asyncDispose]();
  await db.transaction(async (tx) => {
    await tx.delete(users).where(eq(users.id, gone.userId));
    await tx.insert(userErasures).values({ user_id: gone.userId });
  });
  const returned = await startCollector(collector.port);
  await waitFor('erasure', async () => (await db.select().from(userErasures)).length === 0, { deadlineMs: 20_000 });
  const rows = await db.select().from(meetings).where(eq(meetings.user_id, gone.userId));
  expect(rows.map(({ data, metadata }) => ({ data, metadata }))).toEqual(
    lost.map(() => ({ data: { redacted: true }, metadata: {} })),
  );
  expect(new Set(returned.purged)).toEqual(new Set(lost.map(({ id }) => id)));
  for (const table of [webhookEndpoints, webhookDeliveries, idempotencyKeys]) {
    expect(await db.select().from(table).where(eq(table.user_id, gone.userId))).toEqual([]);
  }
  expect((await stays('GET', '/meetings/local/room-1')).body).toEqual(kept);
  await returned[Symbol.asyncDispose]();
});
