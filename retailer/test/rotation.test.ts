import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { newRoom, useRetailer } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'vexa-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [keyFile, secretFile] = [join(folder, 'key'), join(folder, 'secret')];
const [oldKey, newKey] = ['vxa_old-key-0123456789', 'vxa_new-key-0123456789'];
const [oldSecret, newSecret] = ['old-secret-0123456789', 'new-secret-0123456789'];
writeFileSync(keyFile, oldKey);
writeFileSync(secretFile, `${oldSecret}\n`);

const retailer = useRetailer(
  (config) => ({ ...config, publicUrl: 'http://retailer.example' }),
  () => ({
    VEXA_INFRA_API_KEY_FILE: keyFile,
    WHOLESALER_WEBHOOK_SECRET_FILE: secretFile,
  }),
);
const { wholesaler } = retailer;

test('the system key is replaced under load without a failed request, and live text goes on', async () => {
  wholesaler.keys = new Set([oldKey]);
  const user = await retailer.addUser();
  const room = newRoom();
  await user.start(room);
  wholesaler.setStatus(room, 'active');
  const live = new WebSocket(`${retailer.url.replace('http', 'ws')}/ws?api_key=${user.key}`);
  await waitFor('the socket', () => live.readyState === WebSocket.OPEN);
  live.send(JSON.stringify({ action: 'subscribe', meetings: [{ platform: 'local', native_id: room }] }));
  await waitFor('the upstream socket', () => wholesaler.sockets.size === 1);

  const answers: string[] = [];
  let loading = true;
  const load = (async () => {
    while (loading) {
      const { status, body } = await user.transcript(room);
      answers.push(`${status} ${body.source}`);
    }
  })();
  // As an operator does it: the wholesaler issues a second key, it is put first here, the old one is revoked there.
  wholesaler.keys.add(newKey);
  writeFileSync(keyFile, `${newKey},${oldKey}`);
  const seen = (key: string) => wholesaler.requests.some(({ headers }) => headers['x-api-key'] === key);
  await waitFor('the new key in use', () => seen(newKey));
  wholesaler.keys.delete(oldKey);
  for (const socket of wholesaler.sockets) socket.close(4401);
  await waitFor('the upstream socket again', () => wholesaler.sockets.size === 1);
  writeFileSync(keyFile, newKey);
  loading = false;
  await load;
  live.close();
  expect(new Set(answers)).toEqual(new Set(['200 live']));
});

test('a key that the wholesaler does not know yet is passed over, and an unusable file changes nothing', async () => {
  wholesaler.keys = new Set([newKey]);
  writeFileSync(keyFile, `vxa_not-known-yet-012345,${newKey}`);
  const user = await retailer.addUser();
  const room = newRoom();
  expect((await user.start(room)).status).toBe(201);
  writeFileSync(keyFile, 'short');
  const before = wholesaler.requests.length;
  await waitFor('a few more reads of the file', async () => {
    expect((await user.transcript(room)).status).toBe(200);
    return wholesaler.requests.length > before + 4;
  });
});

test('a new webhook secret is registered at the wholesaler, and events signed with either are taken meanwhile', async () => {
  wholesaler.keys = undefined;
  await waitFor('the first registration', () => wholesaler.webhook?.webhook_secret === oldSecret);
  writeFileSync(secretFile, `${newSecret}\n${oldSecret}\n`);
  await waitFor('the second registration', () => wholesaler.webhook?.webhook_secret === newSecret);
  const event = { platform: 'local', native_meeting_id: 'nobody-knows-it', meeting_id: 999_999 };
  expect((await retailer.announce(event, { secret: oldSecret })).status).toBe(202);
  expect((await retailer.announce(event, { secret: newSecret })).status).toBe(202);
  writeFileSync(secretFile, newSecret);
  await waitFor('the old secret to be refused', async () => {
    const { status } = await retailer.announce(event, { secret: oldSecret });
    return status === 401;
  });
});
