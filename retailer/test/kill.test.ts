import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '@vexa/shared/local/free-port';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, expect, test } from 'vitest';
import { adminToken, newRoom, systemKey, User, useRetailer, webhookSecret } from './fixture.ts';
import { startReceiver } from './receiver.ts';
import { signed } from './stand-in-wholesaler.ts';

// Its own service stands still: these tests run the retailer as a process that can be killed.
const retailer = useRetailer();
const { wholesaler } = retailer;
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let child: ChildProcess | undefined;

async function startProcess(): Promise<string> {
  const port = await freePort();
  child = spawn(process.execPath, [main], {
    stdio: 'ignore',
    env: {
      HOST: '127.0.0.1',
      PORT: String(port),
      ADMIN_PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: retailer.databaseUrl,
      ADMIN_API_TOKEN: adminToken,
      VEXA_INFRA_API_URL: wholesaler.url,
      VEXA_INFRA_API_KEY: systemKey,
      WHOLESALER_WEBHOOK_SECRET: webhookSecret,
      WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
      SYNC_INTERVAL_MS: '500',
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(
    'the retailer process',
    () =>
      fetch(`${url}/health/ready`)
        .then((answer) => answer.ok)
        .catch(() => false),
    { deadlineMs: 40_000, everyMs: 50 },
  );
  return url;
}

async function kill(): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
afterEach(kill);

/** Makes the next step of a finish wait where a kill is to hit it, and lets it go afterwards. */
interface Step {
  name: string;
  reach: (room: string) => Promise<{ arrived: Promise<unknown>; release: () => Promise<void> }>;
}

const upstreamStep = (name: string, method: string, path: string): Step => ({
  name,
  reach: async (room) => {
    const held = wholesaler.hold(method, `/${path}/local/${room}`);
    return { arrived: held.arrived, release: async () => held.release() };
  },
});

/** Locks a table, so that the statement that writes it stands in the middle of its transaction. */
const statementStep = (name: string, table: string): Step => ({
  name,
  reach: async () => {
    const { sql } = retailer.connection;
    const locked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holding = sql.begin(async (tx) => {
      await tx`lock table ${tx(table)} in share mode`;
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const arrived = waitFor('a statement that waits for the lock', async () => {
      const rows = await sql`select 1 from pg_locks where relation = ${table}::regclass and not granted`;
      return rows.length > 0;
    });
    return {
      arrived,
      release: async () => {
        release.resolve();
        await holding;
      },
    };
  },
});

test.each([
  upstreamStep('before the meeting is read', 'GET', 'meetings'),
  upstreamStep('before the transcript is pulled', 'GET', 'transcripts'),
  statementStep('in the middle of the commit', 'transcriptions'),
  upstreamStep('before the wholesaler deletes', 'DELETE', 'meetings'),
  statementStep('after the wholesaler deleted, before it is noted', 'webhook_deliveries'),
])('killed $name, a finish is completed and nothing is doubled', { timeout: 60_000 }, async ({ reach }) => {
  await using receiver = await startReceiver();
  const owner = await retailer.addUser();
  await owner.call('PUT', '/user/webhook', { webhook_url: receiver.url, webhook_events: ['transcript.ready'] });
  const room = newRoom();
  await owner.start(room);
  const said = wholesaler.say(room, 'first', 'second', 'third');
  await retailer.stopService();

  const url = await startProcess();
  const step = await reach(room);
  wholesaler.end(room);
  const event = signed(webhookSecret, wholesaler.finishedEvent(room));
  expect((await fetch(`${url}/webhooks/meeting-finished`, { method: 'POST', ...event })).status).toBe(202);
  await step.arrived;
  await kill();
  await step.release();
  // The killed process's claim would stand for two minutes.
  await retailer.connection.sql`update meetings set finish_due_at = now() where finish_due_at is not null`;

  const user = new User(await startProcess(), owner.key, owner.id);
  expect((await user.history(room)).segments).toEqual(said);
  await waitFor('a clean wholesaler', () => wholesaler.latest(room).deleted);
  await waitFor('the event for the user', () => receiver.received.length > 0);
  const rows = await retailer.connection.sql`select id from webhook_deliveries where user_id = ${owner.id}`;
  expect(rows).toHaveLength(1);
  await kill();
  await retailer.restart();
});

test('killed between the insert and the answer of the wholesaler, a start is repaired', {
  timeout: 60_000,
}, async () => {
  const owner = await retailer.addUser();
  await retailer.stopService();
  const url = await startProcess();
  const room = newRoom();
  const held = wholesaler.hold('POST', '/bots');
  const lost = new User(url, owner.key, owner.id).start(room).catch(() => 'cut off');
  await held.arrived;
  await kill();
  expect(await lost).toBe('cut off');
  held.release();
  // As if the grace for starts under way were over.
  await retailer.connection.sql`update meetings set created_at = created_at - interval '50 seconds'`;
  const user = new User(await startProcess(), owner.key, owner.id);
  await waitFor('the repair', async () => (await user.meeting(room)).body.data.wholesaler_meeting_id !== null);
  expect((await user.meeting(room)).body.data.wholesaler_meeting_id).toBe(wholesaler.latest(room).meeting.id);
  await kill();
  await retailer.restart();
});
