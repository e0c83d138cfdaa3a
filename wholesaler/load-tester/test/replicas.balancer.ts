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
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runStep } from '../src/run-step.ts';
import { loadVoices, speakable } from '../src/voices.ts';

const secret = 'a-secret-for-measuring-only-0123456789';
const whisperlive = fileURLToPath(new URL('../../whisperlive/src/main.ts', import.meta.url));
const shippedConfig = fileURLToPath(new URL('../../deploy/nginx/nginx.conf', import.meta.url));
const manifest = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/manifest.tsv'));
const owned = new AsyncDisposableStack();
const replicas: ChildProcess[] = [];
let url: string;

const owning = (child: ChildProcess, end: NodeJS.Signals = 'SIGKILL'): ChildProcess => {
  owned.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(end);
    await exit;
  });
  return child;
};

beforeAll(async () => {
  const redis = owned.use(await startRedis());
  const ports: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const [port, healthPort] = [await freePort(), await freePort()];
    const env = {
      ...process.env,
      ...{ HOST: '127.0.0.1', PORT: String(port), HEALTH_PORT: String(healthPort), LOG_LEVEL: 'warn' },
      ...{ REDIS_URL: redis.url, SESSION_TOKEN_SECRET: secret, WHISPER_MODEL: 'tiny.en', WHISPER_THREADS: '1' },
    };
    replicas.push(owning(spawn(process.execPath, [whisperlive], { env, stdio: ['ignore', 'inherit', 'inherit'] })));
    const ready = () => fetch(`http://127.0.0.1:${healthPort}/health/ready`).then(({ ok }) => ok);
    await waitFor(`replica ${i}`, () => ready().catch(() => false), { deadlineMs: 120_000, everyMs: 200 });
    ports.push(port);
  }
  url = await startNginx(ports);
}, 400_000);
afterAll(() => owned.disposeAsync(), 120_000);

/** The configuration that ships, with these replicas and a port of our own. */
async function startNginx(ports: readonly number[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'vexa-nginx-'));
  owned.defer(() => rm(dir, { recursive: true }));
  const port = await freePort();
  const servers = ports.map((each) => `server 127.0.0.1:${each} max_fails=1 fail_timeout=5s;`).join('\n');
  await writeFile(join(dir, 'whisperlive.servers'), servers);
  const config = (await readFile(shippedConfig, 'utf8'))
    .replaceAll('/tmp/', `${dir}/`)
    .replace('listen 80;', `listen 127.0.0.1:${port};`);
  const file = join(dir, 'nginx.conf');
  await writeFile(file, config);
  const nginx = spawn('nginx', ['-c', file, '-g', 'daemon off; user root;'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  owning(nginx, 'SIGTERM'); // a killed one leaves its workers behind
  const listens = () => fetch(`http://127.0.0.1:${port}/`).then(() => true);
  await waitFor('nginx', () => listens().catch(() => false), { deadlineMs: 30_000 });
  return `ws://127.0.0.1:${port}`;
}

it('loses and doubles no segment when one of three replicas behind nginx is killed', { timeout: 300_000 }, async () => {
  const token = await signSessionToken(secret, { meeting_id: 1, user_id: 1, connection_id: 'load' });
  const about = { token, platform: 'local', meeting_id: 1, language: 'en', task: 'transcribe' };
  const target = { url, config: (uid: string) => ({ ...about, uid }) };
  const voices = speakable(loadVoices(manifest));
  const kill = setTimeout(() => replicas[0]?.kill('SIGKILL'), 8_000);
  const step = await runStep(target, { speakers: 3, seconds: 20, voices });
  clearTimeout(kill);
  console.log(JSON.stringify(step));
  expect(replicas[0]?.signalCode).toBe('SIGKILL');
  expect(step).toMatchObject({ speakers: 3, lost: 0, doubled: 0, refused: 0, errors: [] });
  expect(step.reconnects).toBeGreaterThanOrEqual(1);
});
