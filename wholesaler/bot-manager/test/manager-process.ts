import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { internalSecret, type Stores } from './fixture.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

interface ManagerProcessOptions {
  port: number;
  collectorUrl: string;
  env: Record<string, string>;
  onLog?: (text: string) => void;
}

/** Starts a bot-manager as a process of its own, on `port`; resolves when it is ready. */
export async function spawnManager(
  stores: Stores,
  { port, collectorUrl, env, onLog }: ManagerProcessOptions,
): Promise<ChildProcess> {
  const manager = spawn(process.execPath, [main], {
    stdio: ['ignore', onLog ? 'pipe' : 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: stores.databaseUrl,
      REDIS_URL: stores.redisUrl,
      INTERNAL_TOKEN_SECRET: internalSecret,
      SESSION_TOKEN_SECRET: 'session-secret-of-the-tests',
      ADMIN_API_TOKEN: 'the-operator-of-the-tests',
      MODELS: 'tiny.en',
      TRANSCRIPTION_COLLECTOR_URL: collectorUrl,
      WHISPERLIVE_URL: 'ws://127.0.0.1:9',
      RECONCILE_INTERVAL_MS: '100',
      STOP_BOTS_ON_SHUTDOWN: 'true',
      WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
      ...env,
    },
  });
  if (onLog) manager.stdout?.setEncoding('utf8').on('data', onLog);
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined))?.ok;
  try {
    await waitFor('the bot-manager', ready, { deadlineMs: 120_000 });
  } catch (error) {
    await endManager(manager, 'SIGKILL');
    throw error;
  }
  return manager;
}

/** Resolves once it is gone; safe to repeat. */
export async function endManager(manager: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (manager.exitCode !== null || manager.signalCode !== null) return;
  const exited = once(manager, 'exit');
  manager.kill(signal);
  await exited;
}
