import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { createLogger } from '../../src/logging.ts';
import type { Lookup } from '../../src/webhooks/address-guard.ts';
import { mountWebhookRoutes } from '../../src/webhooks/routes.ts';
import { useDatabase } from './fixture.ts';

const database = useDatabase();
const addresses: Record<string, string> = { 'shop.example': '93.184.216.34', 'inside.example': '10.0.0.7' };
const lookup: Lookup = (host, _options, callback) => {
  const address = addresses[host];
  if (address) callback(null, [{ address, family: 4 }]);
  else callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
};

function client(userId: number) {
  const app = createApp(createLogger('test', 'silent'));
  const deps = { db: database.connection.db, allowedHosts: ['127.0.0.1:9000'], lookup, userId: () => userId };
  mountWebhookRoutes(app, { ...deps, outbox: { nudge: () => {} } });
  return async (body?: unknown) => {
    const init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await app.request('/user/webhook', body === undefined ? {} : init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
}

describe('/user/webhook', () => {
  it('shows a made secret once and masks it after', async () => {
    const call = client(1);
    const made = await call({ webhook_url: 'https://shop.example/hook', webhook_events: ['meeting.finished'] });
    expect(made.status).toBe(200);
    expect(made.body.webhook_secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    const shown = await call();
    expect(shown.body).toEqual({
      webhook_url: 'https://shop.example/hook',
      webhook_secret: 'whsec_••••••••',
      previous_secrets_until: [],
      webhook_events: ['meeting.finished'],
      enabled: true,
    });
  });

  it('keeps the secret when only the address changes', async () => {
    const call = client(2);
    await call({ webhook_url: 'https://shop.example/a', webhook_secret: 'my-own-secret-of-mine' });
    const changed = await call({ webhook_url: 'https://shop.example/b' });
    expect(changed.body).toMatchObject({ webhook_url: 'https://shop.example/b', webhook_secret: '••••••••' });
  });

  it('answers 404 to a user who never set it', async () => {
    expect((await client(3)()).status).toBe(404);
  });

  it.each([
    ['http://shop.example/', 'webhook_url'],
    ['https://10.0.0.1/', 'webhook_url'],
    ['https://[::1]/', 'webhook_url'],
    ['https://2130706433/', 'webhook_url'],
    ['https://user:pass@shop.example/', 'webhook_url'],
    ['https://inside.example/', 'webhook_url'],
    ['ftp://shop.example/', 'webhook_url'],
    ['nonsense', 'webhook_url'],
  ])('refuses %s and names the field', async (webhook_url, field) => {
    const { status, body } = await client(4)({ webhook_url });
    expect(status).toBe(422);
    expect(body.detail).toMatchObject([{ loc: ['body', field] }]);
  });

  it('refuses a secret that cannot sign, and an event nobody sends', async () => {
    const url = 'https://shop.example/';
    const badSecret = await client(4)({ webhook_url: url, webhook_secret: 'whsec_!!!!!!!!!!!!!!!!' });
    expect(badSecret.body.detail).toMatchObject([{ loc: ['body', 'webhook_secret'] }]);
    expect((await client(4)({ webhook_url: url, webhook_secret: 'a-secret-with-a-\u0000' })).status).toBe(422);
    expect((await client(4)({ webhook_url: url, webhook_events: ['meeting.exploded'] })).status).toBe(422);
  });

  it('accepts a private address that the operator allows, and a name that does not resolve yet', async () => {
    expect((await client(5)({ webhook_url: 'http://127.0.0.1:9000/hook' })).status).toBe(200);
    expect((await client(5)({ webhook_url: 'https://later.example/hook' })).status).toBe(200);
  });
});
