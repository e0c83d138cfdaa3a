import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { WebhookEventType } from '../../src/contracts/webhook-events.ts';
import { connectDb } from '../../src/db/client.ts';
import { webhookDeliveries } from '../../src/db/tables/webhooks.ts';
import { createLogger } from '../../src/logging.ts';
import { waitFor } from '../../src/testing/wait-for.ts';
import { getWebhookEndpoint, setWebhookEndpoint } from '../../src/webhooks/endpoint.ts';
import { enqueueWebhook } from '../../src/webhooks/enqueue.ts';
import { type OutboxSenderOptions, startOutboxSender } from '../../src/webhooks/outbox-sender.ts';
import { verifyWebhook } from '../../src/webhooks/signature.ts';
import { type Receiver, startReceiver, useDatabase } from './fixture.ts';

const database = useDatabase();
const logger = createLogger('test', 'silent');
const secret = 'a-raw-secret-of-some-length';
let lastUser = 0;

async function subscribe(receiver: { url: string; host: string }, events: WebhookEventType[] | null = null) {
  const userId = ++lastUser;
  const deps = { db: database.connection.db, allowedHosts: [receiver.host] };
  await setWebhookEndpoint(deps, { userId, webhook_url: receiver.url, webhook_secret: secret, webhook_events: events });
  return userId;
}

const enqueue = async (userId: number, type: WebhookEventType = 'meeting.finished') =>
  (await enqueueWebhook(database.connection.db, { userId, type, data: { meeting_id: 7 } })) ?? '';

const sender = (receiver: Receiver, options: Partial<OutboxSenderOptions> = {}) =>
  startOutboxSender({
    db: database.connection.db,
    logger,
    allowedHosts: [receiver.host],
    pollMs: 20,
    random: () => 0.5,
    ...options,
  });

const delivery = async (id: string) =>
  (await database.connection.db.select().from(webhookDeliveries).where(eq(webhookDeliveries.id, id)))[0];

const settled = (id: string, status: 'delivered' | 'dead') =>
  waitFor(`the webhook to be ${status}`, async () => {
    const row = await delivery(id);
    return row?.status === status && row;
  });

const failedTimes = (id: string, attempts: number) =>
  waitFor(`${attempts} failures`, async () => {
    const row = await delivery(id);
    return row?.attempts === attempts && row.last_error !== null && row;
  });

describe('the webhook outbox', () => {
  it('delivers an event with a signature that its receiver can check', async () => {
    await using receiver = await startReceiver();
    const id = await enqueue(await subscribe(receiver));
    await using _ = sender(receiver);
    await settled(id, 'delivered');
    const [message] = receiver.received;
    expect(verifyWebhook([secret], message!.headers, message!.body).id).toBe(id);
    expect(JSON.parse(message!.body)).toMatchObject({
      type: 'meeting.finished',
      event_type: 'meeting.finished',
      event_id: id,
      data: { meeting_id: 7 },
    });
  });

  it('keeps nothing of a transaction that was rolled back', async () => {
    await using receiver = await startReceiver();
    const userId = await subscribe(receiver);
    let id: string | undefined;
    await database.connection.db
      .transaction(async (tx) => {
        id = await enqueueWebhook(tx, { userId, type: 'meeting.started', data: {} });
        throw new Error('changed my mind');
      })
      .catch(() => undefined);
    expect(id).toBeDefined();
    expect(await delivery(id ?? '')).toBeUndefined();
  });

  it('takes only the events an endpoint asked for, meeting.completed meaning meeting.finished', async () => {
    await using receiver = await startReceiver();
    const userId = await subscribe(receiver, ['meeting.completed']);
    expect(await enqueue(userId, 'meeting.started')).toBe('');
    expect(await enqueue(userId, 'meeting.finished')).not.toBe('');
    expect(await enqueue(userId, 'webhook.test')).not.toBe('');
    expect(await enqueue(9_999_999)).toBe('');
    await using _ = sender(receiver);
    await waitFor('both', () => receiver.received.length === 2);
    // Receivers of that age know the event by its older name only.
    const types = receiver.received.map(({ body }) => JSON.parse(body).event_type);
    expect(types.sort()).toEqual(['meeting.completed', 'webhook.test']);
  });

  it('refuses an event of over 20 kB', async () => {
    await using receiver = await startReceiver();
    const userId = await subscribe(receiver);
    const event = { userId, type: 'meeting.finished' as const, data: { big: 'x'.repeat(20_001) } };
    await expect(enqueueWebhook(database.connection.db, event)).rejects.toThrow(/over 20000/);
  });

  it('tries again by the schedule under the same id, then gives the event up', async () => {
    await using receiver = await startReceiver((response) => response.writeHead(500).end());
    const id = await enqueue(await subscribe(receiver));
    let now = Date.now() + 1_000;
    await using _ = sender(receiver, { now: () => new Date(now) });
    const hours = [2, 5, 10, 14, 20, 24].map((h) => h * 3_600_000);
    for (const wait of [5_000, 300_000, 1_800_000, ...hours]) {
      const row = await waitFor(`a wait of ${wait} ms`, async () => {
        const found = await delivery(id);
        return found!.next_attempt_at.getTime() - now === wait && found;
      });
      now = row.next_attempt_at.getTime();
    }
    const dead = await settled(id, 'dead');
    expect(dead).toMatchObject({ attempts: 10, last_status: 500, last_error: 'the endpoint answered 500' });
    expect(receiver.received).toHaveLength(10);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
  });

  it('waits as long as Retry-After says', async () => {
    await using receiver = await startReceiver((response) => response.writeHead(503, { 'retry-after': '3600' }).end());
    const id = await enqueue(await subscribe(receiver));
    const now = Date.now() + 1_000;
    await using _ = sender(receiver, { now: () => new Date(now) });
    const row = await failedTimes(id, 1);
    expect(row.next_attempt_at.getTime() - now).toBe(3_600_000);
  });

  it('does not follow a redirect', async () => {
    await using other = await startReceiver();
    await using receiver = await startReceiver((response) => response.writeHead(302, { location: other.url }).end());
    const id = await enqueue(await subscribe(receiver));
    await using _ = sender(receiver, { allowedHosts: [receiver.host, other.host] });
    expect((await failedTimes(id, 1)).last_status).toBe(302);
    expect(other.received).toHaveLength(0);
  });

  it('disables an endpoint that answers 410', async () => {
    await using receiver = await startReceiver((response) => response.writeHead(410).end());
    const userId = await subscribe(receiver);
    const id = await enqueue(userId);
    await using _ = sender(receiver);
    await settled(id, 'dead');
    expect((await getWebhookEndpoint(database.connection.db, userId)).enabled).toBe(false);
    expect(await enqueue(userId)).toBe('');
  });

  it('gives up on an endpoint that does not answer in time', async () => {
    await using receiver = await startReceiver(() => {});
    const id = await enqueue(await subscribe(receiver));
    await using _ = sender(receiver, { timeoutMs: 100 });
    expect((await failedTimes(id, 1)).last_error).toBe('the endpoint did not answer in time');
  });

  it('never reaches a private address that nobody allowed, by name or by number', async () => {
    await using receiver = await startReceiver();
    const byNumber = await enqueue(await subscribe(receiver));
    const port = new URL(receiver.url).port;
    const named = { url: `http://internal.example:${port}/hook`, host: `internal.example:${port}` };
    const byName = await enqueue(await subscribe(named));
    await using _ = sender(receiver, {
      allowedHosts: [],
      lookup: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    // Users read this: it must not tell what a name leads to inside.
    const said = 'the endpoint does not lead to a public address';
    expect((await failedTimes(byNumber, 1)).last_error).toBe(said);
    expect((await failedTimes(byName, 1)).last_error).toBe(said);
    expect(receiver.received).toHaveLength(0);
  });

  it('sends each event once while several senders run', async () => {
    await using receiver = await startReceiver();
    const userId = await subscribe(receiver);
    const ids = await Promise.all(Array.from({ length: 60 }, () => enqueue(userId)));
    await using other = connectDb(database.url);
    await using _one = sender(receiver);
    await using _two = sender(receiver);
    await using _three = sender(receiver, { db: other.db });
    for (const id of ids) await settled(id, 'delivered');
    expect(receiver.received.map(({ headers }) => headers['webhook-id']).sort()).toEqual(ids.sort());
  });

  it('hands the event of a sender that died mid-way to another, under the same id', async () => {
    await using receiver = await startReceiver((response, _request, count) => {
      if (count > 1) response.writeHead(204).end();
    });
    const id = await enqueue(await subscribe(receiver));
    // Its database connection dies with it, so the first sender never records an outcome.
    const dying = connectDb(database.url);
    const first = sender(receiver, { db: dying.db, timeoutMs: 300, leaseMs: 400 });
    await waitFor('the first attempt', () => receiver.received.length === 1);
    await dying[Symbol.asyncDispose]();
    await using _ = sender(receiver);
    const row = await settled(id, 'delivered');
    expect(row.attempts).toBe(2);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
    await first[Symbol.asyncDispose]();
  });

  it('runs no more deliveries at once than it may', async () => {
    let open = 0;
    let most = 0;
    await using receiver = await startReceiver((response) => {
      most = Math.max(most, ++open);
      setImmediate(() => {
        open--;
        response.writeHead(204).end();
      });
    });
    const userId = await subscribe(receiver);
    const ids = await Promise.all(Array.from({ length: 20 }, () => enqueue(userId)));
    await using _ = sender(receiver, { parallel: 2 });
    for (const id of ids) await settled(id, 'delivered');
    expect(most).toBeLessThanOrEqual(2);
  });

  it('keeps places for others while one endpoint is slow', async () => {
    let most = 0;
    const held: (() => void)[] = [];
    await using slow = await startReceiver((response) => {
      held.push(() => response.writeHead(204).end());
      most = Math.max(most, held.length);
    });
    await using quick = await startReceiver();
    const slowUser = await subscribe(slow);
    const late = await Promise.all(Array.from({ length: 12 }, () => enqueue(slowUser)));
    const quickUser = await subscribe(quick);
    const ids = await Promise.all(Array.from({ length: 12 }, () => enqueue(quickUser)));
    const allowedHosts = [slow.host, quick.host];
    await using _ = sender(slow, { parallel: 4, perEndpoint: 2, allowedHosts });
    for (const id of ids) await settled(id, 'delivered');
    expect(most).toBe(2);
    const release = setInterval(() => {
      for (const answer of held.splice(0)) answer();
    }, 10);
    for (const id of late) await settled(id, 'delivered');
    clearInterval(release);
  });

  it('signs with a secret that was replaced until its time is over', async () => {
    await using receiver = await startReceiver();
    const userId = await subscribe(receiver);
    let now = Date.now();
    const deps = { db: database.connection.db, allowedHosts: [receiver.host], now: () => new Date(now) };
    const rotate = (webhook_secret: string, webhook_secret_overlap_seconds?: number) =>
      setWebhookEndpoint(deps, { userId, webhook_url: receiver.url, webhook_secret, webhook_secret_overlap_seconds });
    const [second, third] = ['the-second-secret-of-it', 'the-third-secret-of-it'];
    expect((await rotate(second, 60)).previous_secrets_until).toEqual([new Date(now + 60_000).toISOString()]);
    await using _ = sender(receiver, { now: () => new Date(now + 1_000) });
    const accepts = async () => {
      receiver.received.length = 0;
      await settled(await enqueue(userId), 'delivered');
      const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
      return [secret, second, third].filter((each) => {
        try {
          return verifyWebhook([each], headers, body);
        } catch {
          return false;
        }
      });
    };
    expect(await accepts()).toEqual([secret, second]);
    await rotate(third);
    expect(await accepts()).toEqual([secret, second, third]);
    now += 120_000;
    expect(await accepts()).toEqual([second, third]);
    await rotate(third, 0);
    expect(await accepts()).toEqual([third]);
  });

  it('forgets what was settled long ago, and nothing else', async () => {
    await using receiver = await startReceiver();
    const userId = await subscribe(receiver);
    const [old, young] = [await enqueue(userId), await enqueue(userId)];
    const pending = await enqueue(userId);
    const { db } = database.connection;
    const age = (id: string, values: object) =>
      db.update(webhookDeliveries).set(values).where(eq(webhookDeliveries.id, id));
    const long = new Date(Date.now() - 31 * 86_400_000);
    await age(old, { status: 'dead', created_at: long });
    await age(young, { status: 'delivered' });
    await age(pending, { created_at: long, next_attempt_at: new Date(Date.now() + 3_600_000) });
    await using _ = sender(receiver);
    await waitFor('the trimming', async () => (await delivery(old)) === undefined);
    expect(await delivery(young)).toBeDefined();
    expect(await delivery(pending)).toBeDefined();
  });
});
