import { randomUUID } from 'node:crypto';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { createWholesalerClient, type UpstreamRef, type WholesalerClient } from '../src/wholesaler/client.ts';
import { SystemKeys } from '../src/wholesaler/system-keys.ts';
import { WholesalerError } from '../src/wholesaler/wholesaler-error.ts';
import { newRoom } from './fixture.ts';
import { captureLog } from './support/captured-log.ts';
import { useRetailerOf, useWholesaler } from './support/wholesaler.ts';

/** Both products at work in one process: a busy machine may need minutes. */
const patient = { timeout: 240_000 };
const log = captureLog();
const wholesaler = useWholesaler(log.logger);
const { retailer } = useRetailerOf(wholesaler, { logger: log.logger });
const timeoutsMs = { start: 30_000, stop: 30_000, read: 30_000, delete: 30_000 };

function connect(keys: string[], serviceLayerId = 'contract-test'): WholesalerClient {
  const config = { url: wholesaler.wire.url, serviceLayerId, timeoutsMs, breakerResetMs: 1_000 };
  return createWholesalerClient({ config, keys: new SystemKeys(() => keys), logger: createLogger('test', 'silent') });
}

let client: WholesalerClient;
beforeAll(() => {
  client = connect([wholesaler.systemKey]);
});
afterAll(() => client?.[Symbol.asyncDispose]());

const refused = async (call: Promise<unknown>): Promise<unknown[]> => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof WholesalerError)) throw new Error(`not refused: ${String(error)}`);
  return [error.failure, error.status, error.code];
};

const refOf = (nativeId: string, wholesalerId?: number): UpstreamRef => ({ platform: 'local', nativeId, wholesalerId });

test('a bot is started, read, reconfigured, stopped and deleted as the real wholesaler does it', patient, async () => {
  const room = newRoom();
  const request = { platform: 'local' as const, native_meeting_id: room, language: 'en' };
  const key = randomUUID();
  wholesaler.wire.takeSent();
  const started = await client.startBot(request, key);
  expect(started).toMatchObject({ native_meeting_id: room, platform: 'local', status: 'requested' });
  const sent = wholesaler.wire.takeSent().toLowerCase();
  expect(sent).toContain(`idempotency-key: ${key}`);
  expect(sent).toContain('x-service-layer-id: contract-test');
  expect(sent).toMatch(/x-request-id: [0-9a-f-]{36}/);
  expect(sent).toContain(`x-api-key: ${wholesaler.systemKey.toLowerCase()}`);
  // The same key is the same bot; another body under it is refused, and so is a second bot in the room.
  expect((await client.startBot(request, key)).id).toBe(started.id);
  expect(await refused(client.startBot({ ...request, language: 'de' }, key))).toEqual([
    'refused',
    422,
    'validation_error',
  ]);
  expect(await refused(client.startBot(request, randomUUID()))).toEqual(['refused', 409, 'meeting_already_active']);

  const ref = refOf(room, started.id);
  const bot = await wholesaler.bots.active(room);
  await waitFor('the bot to be active', async () => (await client.meeting(ref)).status === 'active');
  expect(await refused(client.deleteMeeting(ref))).toEqual(['refused', 409, 'meeting_not_finalized']);
  await client.reconfigureBot(ref, { language: 'de', task: 'translate' });
  await waitFor('the bot to hear of it', () => bot.commands.length > 0);
  expect(bot.commands[0]).toMatchObject({ action: 'reconfigure', language: 'de', task: 'translate' });
  await bot.say('Ann', 'hello there');
  const live = await waitFor('the words', async () => {
    const transcript = await client.transcript(ref);
    return transcript.segments.length > 0 && transcript;
  });
  expect(live).toMatchObject({ id: started.id, segments: [{ text: 'hello there', speaker: 'Ann', completed: true }] });

  await client.stopBot(ref);
  await waitFor('the end', async () => (await client.meeting(ref)).status === 'completed');
  await client.stopBot(ref);
  expect(await refused(client.reconfigureBot(ref, { language: 'en' }))).toEqual(['refused', 409, 'bot_not_active']);
  expect((await client.transcript(ref)).segments).toHaveLength(1);
  await client.deleteMeeting(ref);
  expect((await client.transcript(ref).catch(() => ({ segments: [] }))).segments).toEqual([]);
});

test(
  'what the real wholesaler refuses has the failure, status and code that our error mapping knows',
  patient,
  async () => {
    const nowhere = refOf('never-heard-of');
    for (const call of ['meeting', 'transcript', 'stopBot', 'deleteMeeting'] as const) {
      expect(await refused(client[call](nowhere))).toEqual(['refused', 404, 'not_found']);
    }
    const request = { platform: 'local' as const, native_meeting_id: 'NOT AN ID' };
    expect(await refused(client.startBot(request, randomUUID()))).toEqual(['refused', 422, 'validation_error']);
    await using stranger = connect(['vxa_nobody-has-this-key']);
    expect(await refused(stranger.meeting(nowhere))).toEqual(['refused', 401, 'unauthorized']);

    const { body: small } = await wholesaler.admin('POST', '/admin/users', {
      email: 'small@retailer.example',
      max_concurrent_bots: 0,
    });
    const issued = await wholesaler.admin('POST', `/admin/users/${small.id}/tokens`, {});
    await using full = connect([issued.body.token]);
    const room = { platform: 'local' as const, native_meeting_id: newRoom() };
    expect(await refused(full.startBot(room, randomUUID()))).toEqual(['refused', 429, 'concurrent_bot_limit']);
    const reading = await wholesaler.admin('POST', `/admin/users/${small.id}/tokens`, { scopes: ['tx'] });
    await using reader = connect([reading.body.token]);
    expect((await refused(reader.startBot(room, randomUUID()))).slice(0, 2)).toEqual(['refused', 403]);
    await using elsewhere = createWholesalerClient({
      config: { url: 'http://127.0.0.1:9', serviceLayerId: 'x', timeoutsMs, breakerResetMs: 1_000 },
      keys: new SystemKeys(() => ['a-key-of-16-characters']),
      logger: createLogger('test', 'silent'),
    });
    expect(await refused(elsewhere.meeting(nowhere))).toEqual(['unreachable', undefined, undefined]);
  },
);

test(
  'in the whole life of a shared meeting no byte to the wholesaler and no log line tells who our users are',
  patient,
  async () => {
    await retailer.connection.sql`select setval(pg_get_serial_sequence('users', 'id'), 770077000)`;
    const names = ['zacharias.wexford', 'philomena.okonkwo'];
    const users = await Promise.all(names.map((name) => retailer.addUser({ email: `${name}@customers.example` })));
    const [ann, bob] = users as [(typeof users)[0], (typeof users)[0]];
    const room = newRoom();
    wholesaler.wire.takeSent();
    const tag = { metadata: { project: 'apollo-of-zacharias' } };
    const own = { 'x-request-id': 'chosen-by-the-user', 'user-agent': 'browser-of-the-user' };
    expect((await ann.start(room, tag)).status).toBe(201);
    const bot = await wholesaler.bots.active(room);
    expect((await bob.call('POST', '/bots', { platform: 'local', native_meeting_id: room, ...tag }, own)).status).toBe(
      200,
    );
    const live = new WebSocket(`${retailer.url.replace('http', 'ws')}/ws`, { headers: { 'x-api-key': bob.key } });
    const frames: string[] = [];
    live.on('message', (data) => frames.push(String(data)));
    await waitFor('the socket', () => live.readyState === WebSocket.OPEN);
    live.send(JSON.stringify({ action: 'subscribe', meetings: [{ platform: 'local', native_id: room }] }));
    await waitFor('the subscription', () => frames.some((frame) => frame.includes('"subscribed"')));
    await bot.say('Speaker', 'words nobody may log');
    await waitFor('the words', () => frames.some((frame) => frame.includes('words nobody may log')));
    live.terminate();
    await ann.call('PATCH', `/meetings/local/${room}`, { data: { name: 'Zacharias and Philomena', notes: 'private' } });
    await ann.transcript(room);
    await bob.call('GET', '/bots/status', undefined, own);
    await bob.call('GET', `/transcripts/local/${room}?format=srt`, undefined, own);
    await bob.call('PUT', `/bots/local/${room}/config`, { language: 'de' }, own);
    await bob.leave(room);
    await ann.leave(room);
    await Promise.all([ann.history(room), bob.history(room)]);
    await waitFor('the wholesaler to be clean', async () => {
      const rows = await wholesaler.sql`select 1 from transcriptions where text like '%nobody may log%'`;
      return rows.length === 0;
    });
    await bob.call('DELETE', `/meetings/local/${room}`, undefined, own);
    await retailer.admin('POST', '/admin/wholesaler/sync');

    const sent = wholesaler.wire.takeSent();
    for (const start of [
      'POST /bots',
      'PUT /bots',
      'DELETE /bots',
      'GET /transcripts',
      'GET /ws',
      'DELETE /meetings',
    ]) {
      expect(sent).toContain(start);
    }
    const logged = log.text();
    expect(logged).toContain('meeting finished');
    const personal = ['zacharias', 'philomena', 'customers.example', 'okonkwo', 'wexford', 'apollo', ann.key, bob.key];
    const chosen = ['chosen-by-the-user', 'browser-of-the-user', String(ann.id), String(bob.id)];
    expect(foundIn(sent, [...personal, ...chosen])).toEqual([]);
    expect(foundIn(logged, [...personal, 'nobody may log', wholesaler.systemKey])).toEqual([]);
  },
);

const foundIn = (text: string, secrets: string[]): string[] =>
  secrets.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));
