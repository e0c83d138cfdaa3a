import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createUser } from '@vexa/shared/accounts/create-user';
import { issueToken } from '@vexa/shared/accounts/issue-token';
import { connectDb } from '@vexa/shared/db/client';
import { freePort } from '@vexa/shared/local/free-port';
import { startPostgres } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';

const metricsToken = 'bench-metrics-token';

/** Postgres, Redis, admin-api, the gateway and a stand-in service, each a process, and a user's key. */
export async function startBenchStack(env: Record<string, string | undefined>) {
  const stack = new AsyncDisposableStack();
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  stack.use(postgres);
  stack.use(redis);
  const databaseUrl = await postgres.createDatabase('bench');
  await migrateWholesaler(databaseUrl);
  const [adminPort, gatewayPort] = [await freePort(), await freePort()];
  const serviceUrl = `http://127.0.0.1:${await startStandIn(stack, env)}`;
  const common = {
    ...env,
    HOST: '127.0.0.1',
    REDIS_URL: redis.url,
    INTERNAL_TOKEN_SECRET: 'bench-internal-secret',
    LOG_LEVEL: 'info',
    METRICS_TOKEN: metricsToken,
  };
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  startProcess(stack, new URL('../../admin-api/src/main.ts', import.meta.url), {
    ...common,
    PORT: String(adminPort),
    DATABASE_URL: databaseUrl,
    ADMIN_API_TOKEN: 'bench-operator-key',
  });
  startProcess(stack, new URL('../src/main.ts', import.meta.url), {
    ...common,
    PORT: String(gatewayPort),
    ADMIN_API_URL: adminUrl,
    BOT_MANAGER_URL: serviceUrl,
    TRANSCRIPTION_COLLECTOR_URL: serviceUrl,
    // Counted as in production, and never reached.
    RATE_LIMIT_READ: '1000000',
  });
  await waitFor('the gateway', () => isReady(`${gatewayUrl}/auth/me`), { deadlineMs: 60_000 });
  const { db } = stack.use(connectDb(databaseUrl));
  const { user } = await createUser(db, { email: 'bench@example.com' });
  const { token } = await issueToken(db, { userId: user.id });
  await waitFor('admin-api', () => isReady(`${adminUrl}/health/live`), { deadlineMs: 60_000 });
  return {
    key: token,
    redisUrl: redis.url,
    serviceUrl,
    gatewayUrl,
    /** CPU seconds the gateway's process has used so far, and the bytes of memory it holds. */
    async gatewayCost() {
      const headers = { authorization: `Bearer ${metricsToken}` };
      const text = await (await fetch(`${gatewayUrl}/metrics`, { headers })).text();
      const figure = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
      return {
        cpuSeconds: figure('process_cpu_seconds_total'),
        memoryBytes: figure('process_resident_memory_bytes'),
      };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function startStandIn(stack: AsyncDisposableStack, env: Record<string, string | undefined>): Promise<string> {
  const child = startProcess(stack, new URL('stand-in-cli.ts', import.meta.url), env);
  if (!child.stdout) throw new Error('the stand-in has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the stand-in ended before it listened');
}

function startProcess(stack: AsyncDisposableStack, entry: URL, env: Record<string, string | undefined>): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry.pathname], {
    env,
    // The ipc channel is the life line: without its parent the process ends.
    stdio: ['ignore', entry.pathname.endsWith('stand-in-cli.ts') ? 'pipe' : 'ignore', 'inherit', 'ipc'],
  });
  stack.defer(
    () =>
      new Promise<void>((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  );
  return child;
}

const isReady = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );
