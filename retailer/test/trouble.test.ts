import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newRoom } from './fixture.ts';
import { captureLog } from './support/captured-log.ts';
import { findMappingFaults } from './support/mapping-faults.ts';
import { useRetailerOf, useWholesaler } from './support/wholesaler.ts';

// The real wholesaler, with its keys changed and the network to it broken.
const folder = mkdtempSync(join(tmpdir(), 'vexa-trouble-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [keyFile, secretFile] = [join(folder, 'key'), join(folder, 'secret')];
const [firstSecret, secondSecret] = ['first-secret-0123456789', 'second-secret-0123456789'];

const log = captureLog();
const wholesaler = useWholesaler(createLogger('test', 'silent'));
beforeAll(() => {
  writeFileSync(keyFile, wholesaler.systemKey);
  writeFileSync(secretFile, firstSecret);
});
const { retailer } = useRetailerOf(wholesaler, {
  env: () => ({
    VEXA_INFRA_API_KEY_FILE: keyFile,
    WHOLESALER_WEBHOOK_SECRET_FILE: secretFile,
    // A silent wholesaler is waited for this long; one on a busy machine has answered by then.
    READ_TIMEOUT_MS: '3000',
    BREAKER_RESET_MS: '1000',
  }),
  logger: log.logger,
});

const patient = { deadlineMs: 60_000, everyMs: 50 };

/** What was cut off in the middle is put right by a sync, as it would be within a minute. */
async function expectNoFaults(): Promise<void> {
  let faults: string[] = [];
  const found = async () => {
    await retailer.admin('POST', '/admin/wholesaler/sync');
    faults = await findMappingFaults(retailer.connection, wholesaler.sql);
    return faults.length === 0;
  };
  await waitFor('every meeting to be mapped', found, patient).catch(() => expect(faults).toEqual([]));
}

/** Another key of the system user. */
async function issueKey(more: Record<string, unknown> = {}): Promise<{ token: string; expires_at: string }> {
  const { body } = await wholesaler.ask('GET', '/auth/me');
  return (await wholesaler.admin('POST', `/admin/users/${body.user_id}/tokens`, more)).body;
}

test('the wholesaler slow, erring, gone and back: stale answers, history as ever, starts refused at once, then all is well', {
  timeout: 240_000,
}, async () => {
  const [ann, bob] = await Promise.all([retailer.addUser(), retailer.addUser()]);
  const [done, room] = [newRoom(), newRoom()];
  await ann.start(done);
  const over = await wholesaler.bots.active(done);
  await over.say('Ann', 'long ago');
  await over.end();
  await ann.history(done);
  expect((await ann.start(room)).status).toBe(201);
  const bot = await wholesaler.bots.active(room);
  await bot.say('Ann', 'heard before');
  const isLive = (count: number) => async () => {
    const { body } = await ann.transcript(room);
    return body.source === 'live' && body.segments.length === count;
  };
  await waitFor('a live copy', isLive(1), patient);

  for (const mode of ['silent', 'erring', 'cut'] as const) {
    wholesaler.wire.mode = mode;
    const stale = await waitFor(`a stale answer of a wholesaler that is ${mode}`, async () => {
      const { status, body } = await ann.transcript(room);
      return status === 200 && body.source === 'stale' && body;
    });
    expect(stale.segments).toMatchObject([{ text: 'heard before' }]);
    expect((await ann.history(done)).segments).toMatchObject([{ text: 'long ago' }]);
  }
  const breaker = async () => (await retailer.admin('GET', '/admin/wholesaler')).body.breakers.start;
  await waitFor('the start breaker to open', async () => {
    expect((await bob.start(newRoom())).status).toBe(503);
    return (await breaker()).state === 'open';
  });
  // The breaker tries one call every second: one of two in a row is refused without a call.
  const refused = await waitFor('a refusal without a call', async () => {
    const { rejected } = await breaker();
    const before = performance.now();
    const answer = await bob.start(newRoom());
    const tookMs = performance.now() - before;
    if ((await breaker()).rejected <= rejected) return undefined;
    console.log(`a start with an open breaker was refused after ${tookMs.toFixed(1)} ms`);
    return answer;
  });
  expect([refused.status, refused.body.code]).toEqual([503, 'unavailable']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);

  await bot.say('Ann', 'said meanwhile');
  wholesaler.wire.mode = 'open';
  await waitFor('live reads', isLive(2), patient);
  const again = newRoom();
  await waitFor('starts', async () => (await bob.start(again)).status < 300, patient);
  await bob.leave(again);
  await bot.end();
  expect((await ann.history(room)).segments).toHaveLength(2);
  await bob.history(again);
  await expectNoFaults();
});

test('the system key is replaced, and an expired one raises one alarm and no storm', { timeout: 240_000 }, async () => {
  const user = await retailer.addUser();
  const room = newRoom();
  await user.start(room);
  const bot = await wholesaler.bots.active(room);
  const isLive = async () => (await user.transcript(room)).body.source === 'live';
  await waitFor('a live copy', isLive, patient);
  const next = await issueKey();
  writeFileSync(keyFile, `${next.token},${wholesaler.systemKey}`);
  wholesaler.wire.takeSent();
  await waitFor('the new key in use', async () => {
    expect((await user.transcript(room)).status).toBe(200);
    return wholesaler.wire.takeSent().includes(next.token);
  });
  const issued = await issueKey({ expires_in: 1 });
  await waitFor('its end', () => Date.now() > Date.parse(issued.expires_at) + 100);
  expect((await wholesaler.admin('DELETE', `/admin/tokens/${wholesaler.systemKey}`)).status).toBeLessThan(300);
  await waitFor('live reads without the revoked key', isLive, patient);

  writeFileSync(keyFile, issued.token);
  await waitFor('the expired key to be refused', async () => (await user.transcript(room)).body.source === 'stale');
  // Our user's own key is fine, and nothing may tell them otherwise.
  for (let n = 0; n < 10; n++) expect((await user.transcript(room)).status).toBe(200);
  expect((await user.start(newRoom())).status).toBe(503);
  const alarms = log.text().match(/"level":"error"[^\n]*VEXA_INFRA_API_KEY/g);
  expect(alarms).toHaveLength(1);
  writeFileSync(keyFile, next.token);
  await waitFor('live reads again', isLive, patient);
  await bot.end();
  await user.history(room);
});

test('the webhook secret is replaced between two meetings, and both are announced', { timeout: 240_000 }, async () => {
  const user = await retailer.addUser();
  const registrations = () => wholesaler.wire.takeSent().includes(secondSecret);
  const meet = async () => {
    const room = newRoom();
    await waitFor('a start', async () => (await user.start(room)).status < 300, patient);
    const bot = await wholesaler.bots.active(room);
    await bot.say('Ann', 'hello');
    await bot.end();
    return user.history(room);
  };
  expect((await meet()).segments).toHaveLength(1);
  wholesaler.wire.takeSent();
  writeFileSync(secretFile, `${secondSecret},${firstSecret}`);
  await waitFor('the registration of the new secret', registrations, patient);
  writeFileSync(secretFile, secondSecret);
  expect((await meet()).segments).toHaveLength(1);
  const outcomes = await retailer.connection
    .sql`select outcome from inbound_webhooks order by received_at desc limit 1`;
  expect(outcomes).toMatchObject([{ outcome: 'finish queued' }]);
  await expectNoFaults();
});
