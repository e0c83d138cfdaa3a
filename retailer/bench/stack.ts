import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createUser } from '@vexa/shared/accounts/create-user';
import { issueToken } from '@vexa/shared/accounts/issue-token';
import { connectDb, type Sql } from '@vexa/shared/db/client';
import { freePort } from '@vexa/shared/local/free-port';
import { startPostgres } from '@vexa/shared/local/postgres';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { migrateRetailer } from '../src/db/migrate.ts';

export interface BenchStack extends AsyncDisposable {
  url: string;
  wholesalerUrl: string;
  sql: Sql;
  userId: number;
  key: string;
  /** The wholesaler tells of a sentence in this room. */
  publish(room: string): void;
  /** CPU seconds of the retailer's process so far, and the bytes of memory it holds. */
  cost(): Promise<{ cpuSeconds: number; memoryBytes: number }>;
}

const start = (entry: string, env: Record<string, string | undefined>): ChildProcess =>
  spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL(entry, import.meta.url))],
    // The ipc channel is the life line: without its parent the process ends.
    { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );

/** Postgres, the retailer and a stand-in for the wholesaler, each a process, and a user's key. */
export async function startBenchStack(env: Record<string, string | undefined>): Promise<BenchStack> {
  await using cleanup = new AsyncDisposableStack();
  const run = (entry: string, more: Record<string, string> = {}): ChildProcess => {
    const child = start(entry, { ...env, ...more });
    cleanup.defer(async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    });
    return child;
  };
  const postgres = cleanup.use(await startPostgres());
  const DATABASE_URL = await postgres.createDatabase('bench');
  await migrateRetailer(DATABASE_URL);
  const { db, sql } = cleanup.use(connectDb(DATABASE_URL, { max: 2 }));
  const standIn = run('stand-in-cli.ts');
  const wholesalerUrl = `http://127.0.0.1:${await firstLine(standIn)}`;
  const port = await freePort();
  const retailer = run('../src/main.ts', {
    HOST: '127.0.0.1',
    PORT: String(port),
    ADMIN_PORT: '0',
    LOG_LEVEL: 'info',
    DATABASE_URL,
    ADMIN_API_TOKEN: 'the-operator-of-the-bench',
    VEXA_INFRA_API_URL: wholesalerUrl,
    VEXA_INFRA_API_KEY: 'the-system-key-of-the-bench',
    WHOLESALER_WEBHOOK_SECRET: 'the-webhook-secret-of-the-bench',
    SYNC_INTERVAL_MS: '3600000',
    // Counted as in production, where it is counted, and never reached.
    RATE_LIMIT_START: '1000000',
    RATE_LIMIT_WRITE: '1000000',
    RATE_LIMIT_READ: '1000000',
  });
  retailer.stdout?.resume();
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor('the retailer', isReady, { deadlineMs: 60_000 });
  const { user } = await createUser(db, { email: 'bench@example.com', max_concurrent_bots: 1_000 });
  const { token } = await issueToken(db, { userId: user.id });
  const owned = cleanup.move();
  return {
    url,
    wholesalerUrl,
    sql,
    userId: user.id,
    key: token,
    publish: (room) => void standIn.send({ room }),
    cost: () => costOf(retailer.pid ?? 0),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the stand-in has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the stand-in ended before it listened');
}

const ticksPerSecond = 100;
const pageBytes = 4_096;

/** As Linux counts them. */
async function costOf(pid: number): Promise<{ cpuSeconds: number; memoryBytes: number }> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8'))
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  const [user = Number.NaN, system = Number.NaN] = fields.slice(11);
  return { cpuSeconds: (user + system) / ticksPerSecond, memoryBytes: (fields[21] ?? Number.NaN) * pageBytes };
}
