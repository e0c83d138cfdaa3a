import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, expect, test } from 'vitest';
import { adminToken, newRoom, systemKey, User, useRetailer, webhookSecret } from './fixture.ts';
import { RetailerProcess } from './support/retailer-process.ts';

// Its own service stands still: this test runs the retailer as processes that can be killed.
const retailer = useRetailer();
const { wholesaler } = retailer;

const running: RetailerProcess[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one[Symbol.asyncDispose]()));
});

function spawn(): RetailerProcess {
  const process = new RetailerProcess({
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: retailer.databaseUrl,
    ADMIN_API_TOKEN: adminToken,
    VEXA_INFRA_API_URL: wholesaler.url,
    VEXA_INFRA_API_KEY: systemKey,
    WHOLESALER_WEBHOOK_SECRET: webhookSecret,
    SYNC_INTERVAL_MS: '500',
  });
  running.push(process);
  return process;
}

test('killed between the insert and the answer of the wholesaler, a start is repaired', {
  timeout: 240_000,
}, async () => {
  const owner = await retailer.addUser();
  await retailer.stopService();
  const [victim, next] = [spawn(), spawn()];
  const room = newRoom();
  const held = wholesaler.hold('POST', '/bots');
  const lost = new User(await victim.start(), owner.key, owner.id).start(room).catch(() => 'cut off');
  await held.arrived;
  await victim[Symbol.asyncDispose]();
  expect(await lost).toBe('cut off');
  held.release();
  // As if the grace for starts under way were over.
  await retailer.connection.sql`update meetings set created_at = created_at - interval '50 seconds'`;
  const user = new User(await next.start(), owner.key, owner.id);
  const repaired = async () => (await user.meeting(room)).body.data.wholesaler_meeting_id;
  expect(await waitFor('the repair', repaired, { deadlineMs: 120_000 })).toBe(wholesaler.latest(room).meeting.id);
});
