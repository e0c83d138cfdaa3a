import { requireService } from '@vexa/shared/auth/identity-token';
import { createApp } from '@vexa/shared/http/app';
import { type HttpServer, listen } from '@vexa/shared/http/server';
import { meetings, transcriptShares } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createBotManagerClient } from '../src/retention/bot-manager-client.ts';
import { keepRetention } from '../src/retention/keep-retention.ts';
import { type Harness, logger, newMeeting, secrets, startHarness } from './harness.ts';

const hour = 3_600_000;
const retention = { keptMs: 168 * hour, noticeMs: 24 * hour, checkEveryMs: 600_000 };
const now = Date.parse('2026-09-01T12:00:00.000Z');

let harness: Harness;
let owner: HttpServer;
let answer = 204;
const asked: { path: string; expiresAt: string | undefined }[] = [];

/** The owner's side of the agreement: it remembers whom it told, and when. */
async function startOwner(): Promise<HttpServer> {
  const app = createApp(logger);
  app.use('*', requireService(secrets.internal));
  app.post('/internal/meetings/:id/:what', async (c) => {
    const { id, what } = c.req.param();
    const text = await c.req.text();
    asked.push({ path: `${id}/${what}`, expiresAt: text ? JSON.parse(text).expires_at : undefined });
    if (answer !== 204) return c.json({ code: 'x' }, answer as 404);
    const { db } = harness.connection;
    const change = what === 'expiring' ? { expiry_told_at: new Date(clock) } : { redacted_at: new Date(clock) };
    await db
      .update(meetings)
      .set(change)
      .where(eq(meetings.id, Number(id)));
    return c.body(null, 204);
  });
  return listen(app, { port: 0, host: '127.0.0.1' });
}

let clock = now;
const look = async () => {
  asked.length = 0;
  const botManager = createBotManagerClient(owner.url, secrets.internal);
  const deps = { db: harness.connection.db, botManager, logger, retention, now: () => new Date(clock) };
  await keepRetention(deps);
  return asked.map(({ path }) => path);
};
async function endedMeeting(hoursAgo: number, status: 'completed' | 'failed' | 'active' = 'completed') {
  const m = await newMeeting(harness);
  const end_time = new Date(now - hoursAgo * hour);
  await harness.connection.db.update(meetings).set({ status, end_time }).where(eq(meetings.id, m.id));
  return m.id;
}

beforeAll(async () => {
  harness = await startHarness();
  owner = await startOwner();
});
beforeEach(async () => {
  await harness.connection.db.delete(meetings);
  clock = now;
  answer = 204;
});
afterAll(async () => {
  await owner?.[Symbol.asyncDispose]();
  await harness?.[Symbol.asyncDispose]();
});

test('a customer is told a day before, once, and then the meeting is deleted', async () => {
  const id = await endedMeeting(145);
  await endedMeeting(143);
  await endedMeeting(500, 'active');
  expect(await look()).toEqual([`${id}/expiring`]);
  expect(asked[0]?.expiresAt).toBe(new Date(now + 24 * hour).toISOString());
  expect(await look()).toEqual([]);
  clock = now + 23.5 * hour;
  expect(await look()).not.toContain(`${id}/expire`);
  clock = now + 24 * hour;
  expect(await look()).toContain(`${id}/expire`);
  expect(await look()).not.toContain(`${id}/expire`);
});

test('who could not be told in time still has the whole notice', async () => {
  const id = await endedMeeting(1_000, 'failed');
  expect(await look()).toEqual([`${id}/expiring`]);
  expect(asked[0]?.expiresAt).toBe(new Date(now + 24 * hour).toISOString());
  clock = now + 20 * hour;
  expect(await look()).toEqual([]);
  clock = now + 24 * hour;
  expect(await look()).toEqual([`${id}/expire`]);
});

test('what bot-manager cannot do now is asked again, and does not hold up the others', async () => {
  const ids = [await endedMeeting(150), await endedMeeting(149)];
  answer = 503;
  expect(await look()).toEqual(ids.map((id) => `${id}/expiring`));
  answer = 204;
  expect(await look()).toEqual(ids.map((id) => `${id}/expiring`));
});

test('a retention of 0 keeps everything', async () => {
  await endedMeeting(100_000);
  asked.length = 0;
  const botManager = createBotManagerClient(owner.url, secrets.internal);
  const { db } = harness.connection;
  await keepRetention({ db, botManager, logger, retention: { ...retention, keptMs: 0 }, now: () => new Date(now) });
  expect(asked).toEqual([]);
});

test('share links that expired are swept away', async () => {
  const row = { id_hash: 'h', meeting_id: 1, user_id: 1, expires_at: new Date(Date.now() - 1_000) };
  await harness.connection.db.insert(transcriptShares).values(row);
  await look();
  expect(await harness.connection.db.select().from(transcriptShares)).toEqual([]);
});
