import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { requireAdminKey } from '../../src/auth/admin-key.ts';
import { webhookDeliveries } from '../../src/db/tables/webhooks.ts';
import { createApp } from '../../src/http/app.ts';
import { createLogger } from '../../src/logging.ts';
import { waitFor } from '../../src/testing/wait-for.ts';
import { setWebhookEndpoint } from '../../src/webhooks/endpoint.ts';
import { disableEndpoint } from '../../src/webhooks/endpoint-store.ts';
import { enqueueWebhook } from '../../src/webhooks/enqueue.ts';
import { startOutboxSender } from '../../src/webhooks/outbox-sender.ts';
import { mountWebhookAdmin, mountWebhookRoutes } from '../../src/webhooks/routes.ts';
import { startReceiver, useDatabase } from './fixture.ts';

const database = useDatabase();
const adminKey = 'the-operator-of-the-tests';
let lastUser = 0;

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape it asks for
  body: any;
}

/** The routes as one user reaches them, and as the operator does. */
function client(userId: number, outbox = { nudge: () => {} }) {
  const { db } = database.connection;
  const app = createApp(createLogger('test', 'silent'));
  app.use('/admin/*', requireAdminKey(adminKey));
  mountWebhookRoutes(app, { db, allowedHosts: ['127.0.0.1'], userId: () => userId, outbox });
  mountWebhookAdmin(app, { db, outbox });
  return async (method: string, path: string, key = adminKey): Promise<Answer> => {
    const response = await app.request(path, { method, headers: { 'x-admin-api-key': key } });
    return { status: response.status, body: await response.json() };
  };
}

async function subscribed(url = 'http://127.0.0.1:9/hook') {
  const userId = ++lastUser;
  await setWebhookEndpoint({ db: database.connection.db, allowedHosts: ['127.0.0.1'] }, { userId, webhook_url: url });
  const enqueue = async (count: number) => {
    for (let n = 0; n < count; n++) {
      await enqueueWebhook(database.connection.db, { userId, type: 'meeting.started', data: { n } });
    }
  };
  return { userId, enqueue };
}

const mark = (userId: number, values: Partial<typeof webhookDeliveries.$inferInsert>) =>
  database.connection.db.update(webhookDeliveries).set(values).where(eq(webhookDeliveries.user_id, userId));

describe('/user/webhook/deliveries', () => {
  it('lists the events of their user alone, newest first, a page at a time, by status', async () => {
    const { userId, enqueue } = await subscribed();
    await enqueue(5);
    const other = await subscribed();
    await other.enqueue(1);
    const call = client(userId);
    const ids: string[] = [];
    for (let path = '/user/webhook/deliveries?limit=2'; path; ) {
      const { status, body } = await call('GET', path);
      expect(status).toBe(200);
      ids.push(...body.deliveries.map(({ id }: { id: string }) => id));
      path = body.next_cursor && `/user/webhook/deliveries?limit=2&cursor=${body.next_cursor}`;
    }
    expect(new Set(ids).size).toBe(5);
    await mark(userId, { status: 'dead', attempts: 10, last_status: 500, last_error: 'the endpoint answered 500' });
    const dead = (await call('GET', '/user/webhook/deliveries?status=dead')).body.deliveries;
    expect(dead).toHaveLength(5);
    expect(dead[0]).toEqual({
      id: ids[0],
      event_type: 'meeting.started',
      status: 'dead',
      attempts: 10,
      last_status: 500,
      last_error: 'the endpoint answered 500',
      created_at: expect.stringMatching(/Z$/),
      next_attempt_at: null,
      delivered_at: null,
    });
    expect((await call('GET', '/user/webhook/deliveries?status=pending')).body.deliveries).toEqual([]);
  });

  it.each(['limit=0', 'limit=201', 'status=lost', 'cursor=nonsense', 'cursor=YXQ6MTpub3QtYS11dWlk'])(
    'refuses %s and names the field',
    async (query) => {
      const { status, body } = await client(1)('GET', `/user/webhook/deliveries?${query}`);
      expect(status).toBe(422);
      expect(body.detail[0].loc).toEqual(['query', query.split('=')[0]]);
    },
  );

  it('sends an event again under its id', async () => {
    await using receiver = await startReceiver();
    const { userId, enqueue } = await subscribed(receiver.url);
    await enqueue(1);
    const { db } = database.connection;
    await using outbox = startOutboxSender({
      db,
      logger: createLogger('test', 'silent'),
      allowedHosts: ['127.0.0.1'],
      pollMs: 60_000,
    });
    const call = client(userId, outbox);
    const [{ id }] = (await call('GET', '/user/webhook/deliveries')).body.deliveries;
    const delivered = () =>
      waitFor('the delivery', async () => {
        const [row] = (await call('GET', '/user/webhook/deliveries')).body.deliveries;
        return row.status === 'delivered' && row;
      });
    await delivered();
    const replayed = await call('POST', `/user/webhook/deliveries/${id}/replay`);
    expect([replayed.status, replayed.body]).toMatchObject([202, { id, status: 'pending', attempts: 0 }]);
    await waitFor('the second', () => receiver.received.length === 2);
    expect((await delivered()).attempts).toBe(1);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
  });

  it('does not send what is somebody else’s, unknown, or for an endpoint that is gone', async () => {
    const { userId, enqueue } = await subscribed();
    await enqueue(1);
    const call = client(userId);
    const [{ id }] = (await call('GET', '/user/webhook/deliveries')).body.deliveries;
    const { userId: other } = await subscribed();
    expect((await client(other)('POST', `/user/webhook/deliveries/${id}/replay`)).status).toBe(404);
    const unknown = '0190d3c0-0000-4000-8000-000000000000';
    expect((await call('POST', `/user/webhook/deliveries/${unknown}/replay`)).status).toBe(404);
    expect((await call('POST', '/user/webhook/deliveries/7/replay')).status).toBe(422);
    await disableEndpoint(database.connection.db, userId, 'http://127.0.0.1:9/hook');
    const gone = await call('POST', `/user/webhook/deliveries/${id}/replay`);
    expect([gone.status, gone.body.code]).toEqual([409, 'conflict']);
  });
});

describe('/user/webhook/test', () => {
  it('puts a test into the outbox, whatever events the endpoint asked for', async () => {
    const { userId } = await subscribed();
    const { status, body } = await client(userId)('POST', '/user/webhook/test');
    expect([status, body]).toMatchObject([202, { event_type: 'webhook.test', status: 'pending' }]);
  });

  it('answers 404 without an endpoint and 409 when it is disabled', async () => {
    expect((await client(9_999_999)('POST', '/user/webhook/test')).status).toBe(404);
    const { userId } = await subscribed();
    await disableEndpoint(database.connection.db, userId, 'http://127.0.0.1:9/hook');
    expect((await client(userId)('POST', '/user/webhook/test')).status).toBe(409);
  });
});

describe('/admin/webhooks', () => {
  it('lists what was given up of every user, and sends it again', async () => {
    const one = await subscribed();
    const two = await subscribed();
    await one.enqueue(1);
    await two.enqueue(2);
    await mark(one.userId, { status: 'dead' });
    await mark(two.userId, { status: 'dead' });
    const operator = client(0);
    const { body } = await operator('GET', '/admin/webhooks/dead?limit=200');
    const users = body.deliveries.map(({ user_id }: { user_id: number }) => user_id);
    expect(users.filter((id: number) => id === one.userId || id === two.userId)).toHaveLength(3);
    const first = await operator('GET', '/admin/webhooks/dead?limit=1');
    const second = await operator('GET', `/admin/webhooks/dead?limit=1&cursor=${first.body.next_cursor}`);
    expect(second.body.deliveries[0].id).not.toBe(first.body.deliveries[0].id);
    const { id } = first.body.deliveries[0];
    expect(await operator('POST', `/admin/webhooks/${id}/replay`)).toMatchObject({ status: 202, body: { id } });
    const left = (await operator('GET', '/admin/webhooks/dead?limit=200')).body.deliveries;
    expect(left.map((row: { id: string }) => row.id)).not.toContain(id);
  });

  it('is the operator’s alone', async () => {
    const call = client(1);
    expect((await call('GET', '/admin/webhooks/dead', 'somebody')).status).toBe(401);
    expect((await call('POST', '/admin/webhooks/x/replay', 'somebody')).status).toBe(401);
    expect((await call('POST', '/admin/webhooks/0190d3c0-0000-4000-8000-000000000000/replay')).status).toBe(404);
  });
});
