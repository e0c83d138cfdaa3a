import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { freePort } from '@vexa/shared/local/free-port';
import { startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import type { AudioTarget } from '../../src/run-speakers.ts';
import { availableVoices, speakable, type Voice } from '../../src/voices.ts';

const secret = 'a-secret-for-measuring-only-0123456789';
const whisperlive = fileURLToPath(new URL('../../../whisperlive/src/main.ts', import.meta.url));
const shippedConfig = fileURLToPath(new URL('../../../deploy/nginx/nginx.conf', import.meta.url));

/** One whisperlive process, at the same address also after it was replaced. */
export class Replica implements AsyncDisposable {
  readonly address: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #health: string;
  #process: ChildProcess | undefined;

  constructor({ port, healthPort, env }: { port: number; healthPort: number; env: Record<string, string> }) {
    this.address = `127.0.0.1:${port}`;
    this.#health = `http://127.0.0.1:${healthPort}/health/ready`;
    this.#env = { ...process.env, ...env, HOST: '127.0.0.1', PORT: String(port), HEALTH_PORT: String(healthPort) };
  }

  get ready(): Promise<boolean> {
    return fetch(this.#health).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async start(): Promise<void> {
    this.#process = spawn(process.execPath, [whisperlive], { env: this.#env, stdio: ['ignore', 'inherit', 'inherit'] });
    await waitFor(`${this.address} to be ready`, () => this.ready, { deadlineMs: 120_000, everyMs: 200 });
  }

  /** Gives its exit code, or the signal that ended it. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | undefined> {
    const child = this.#process;
    if (!child) return undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    return child.exitCode ?? child.signalCode ?? undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}

/** Three real whisperlive behind the nginx configuration that ships. */
export interface Fleet extends AsyncDisposable {
  replicas: readonly Replica[];
  target: AudioTarget;
  voices: Voice[];
}

export async function startFleet(more: Record<string, string> = {}): Promise<Fleet> {
  await using owned = new AsyncDisposableStack();
  const redis = owned.use(await startRedis());
  const env = {
    ...{ LOG_LEVEL: 'warn', REDIS_URL: redis.url, SESSION_TOKEN_SECRET: secret },
    ...{ WHISPER_MODEL: 'tiny.en', WHISPER_THREADS: '1', ...more },
  };
  const replicas: Replica[] = [];
  for (let i = 0; i < 3; i += 1) {
    const replica = owned.use(new Replica({ port: await freePort(), healthPort: await freePort(), env }));
    await replica.start();
    replicas.push(replica);
  }
  const url = await startNginx(
    replicas.map(({ address }) => address),
    owned,
  );
  const token = await signSessionToken(secret, { meeting_id: 1, user_id: 1, connection_id: 'load' });
  const about = { token, platform: 'local', meeting_id: 1, language: 'en', task: 'transcribe' };
  const kept = owned.move();
  return {
    replicas,
    target: { url, config: (uid) => ({ ...about, uid }) },
    voices: speakable(availableVoices({ more: false })),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startNginx(addresses: readonly string[], owned: AsyncDisposableStack): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vexa-nginx-'));
  owned.defer(() => rm(dir, { recursive: true }));
  const port = await freePort();
  const servers = addresses.map((address) => `server ${address} max_fails=0;`).join('\n');
  await writeFile(join(dir, 'whisperlive.servers'), servers);
  const config = (await readFile(shippedConfig, 'utf8'))
    .replaceAll('/tmp/', `${dir}/`)
    .replace('listen 80;', `listen 127.0.0.1:${port};`);
  const file = join(dir, 'nginx.conf');
  await writeFile(file, config);
  const nginx = spawn('nginx', ['-c', file, '-g', 'daemon off; user root;'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  owned.defer(async () => {
    if (nginx.exitCode !== null || nginx.signalCode !== null) return;
    const exit = once(nginx, 'exit');
    nginx.kill('SIGTERM'); // a killed one leaves its workers behind
    await exit;
  });
  const listens = () => fetch(`http://127.0.0.1:${port}/`).then(() => true);
  await waitFor('nginx', () => listens().catch(() => false), { deadlineMs: 30_000 });
  return `ws://127.0.0.1:${port}`;
}
