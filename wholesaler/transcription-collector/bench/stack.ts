import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connectDb, type DbConnection } from '@vexa/shared/db/client';
import { startPostgres } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import { Redis } from 'ioredis';

export const secrets = { internal: 'internal-secret-for-benchmarks', session: 'session-secret-for-benchmarks' };

export interface BenchStack extends AsyncDisposable {
  readonly redis: Redis;
  readonly connection: DbConnection;
  startCollector(env?: Record<string, string>): Promise<CollectorProcess>;
}

export interface CollectorProcess {
  readonly url: string;
  /** CPU time of the process since it listened. */
  cpuSeconds(): Promise<number>;
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Postgres that survives a crash of the machine, Redis with its append-only file, and collectors as processes. */
export async function startBenchStack(): Promise<BenchStack> {
  const stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres({ durable: true }));
  const server = stack.use(await startRedis());
  const databaseUrl = await postgres.createDatabase('bench');
  await migrateWholesaler(databaseUrl);
  const connection = stack.use(connectDb(databaseUrl, { max: 4 }));
  const redis = new Redis(server.url);
  stack.defer(() => redis.disconnect());
  const running = new Set<CollectorProcess>();
  stack.defer(async () => {
    await Promise.all([...running].map((collector) => collector.stop('SIGKILL')));
  });
  return {
    redis,
    connection,
    async startCollector(env = {}) {
      const collector = await spawnCollector({
        DATABASE_URL: databaseUrl,
        REDIS_URL: server.url,
        INTERNAL_TOKEN_SECRET: secrets.internal,
        SESSION_TOKEN_SECRET: secrets.session,
        HOST: '127.0.0.1',
        PORT: '0',
        ...env,
      });
      running.add(collector);
      return collector;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function spawnCollector(env: Record<string, string>): Promise<CollectorProcess> {
  const entry = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await listening(child);
  child.stdout?.resume();
  // Loading the program is not part of its work.
  const loaded = await cpuSecondsOf(url);
  return {
    url,
    cpuSeconds: async () => (await cpuSecondsOf(url)) - loaded,
    async stop(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
  };
}

async function cpuSecondsOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total\{[^}]*\} (\S+)$/m.exec(text)?.[1]);
}

async function listening(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(chunk);
    const url = /"listening":\{"url":"([^"]+)"/.exec(text)?.[1];
    if (url) return url;
  }
  throw new Error(`a collector ended before it listened: ${text.slice(-500)}`);
}
