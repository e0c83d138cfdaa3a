import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BotWorld, startBotWorld, token, voice } from './support/bot-world.ts';
import { descendantsOf } from './support/process-tree.ts';

let redis: LocalRedis;
let world: BotWorld;
const started: ChildProcess[] = [];

beforeAll(async () => {
  redis = await startRedis();
  world = await startBotWorld(redis.url);
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await world[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const entry = fileURLToPath(new URL('../src/main.ts', import.meta.url));

function run(config: unknown, more: NodeJS.ProcessEnv = {}): ChildProcess & { pid: number; output: Promise<string> } {
  const env = { PATH: process.env.PATH, BOT_CONFIG: JSON.stringify(config), HEARTBEAT_MS: '200', ...more };
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  if (!child.stdout || !child.stderr || child.pid === undefined) throw new Error('The bot did not start.');
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then((parts) => parts.join(''));
  return Object.assign(child, { pid: child.pid, output });
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('an unusable configuration exits 2 and names the field, not the token', async () => {
  const room = await world.openRoom();
  const child = run({ ...world.meetingConfig(room), botName: '' });
  expect(await once(child, 'exit')).toEqual([2, null]);
  expect(await child.output).toContain('BOT_CONFIG.botName');
  expect(await child.output).not.toContain(token);
});

test('SIGTERM leaves in good order: audio ended, reported, exit 0, nothing left behind, no secret in the log', async () => {
  const room = await world.openRoom();
  await using ann = await room.join('Ann');
  const config = world.meetingConfig(room);
  const child = run(config);
  const reports = () => world.manager.callbacks.filter((c) => c.connection_id === config.connectionId);
  await waitFor('active', () => reports().some(({ status }) => status === 'active'));
  const family = descendantsOf(child.pid);
  expect(family.length).toBeGreaterThan(1);
  const spoken = ann.speak(voice('sb-spk2_snt2'));
  const session = await waitFor('Ann’s voice', () => world.transcription.of('Ann')[0]);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(session.ended).toBe(true);
  await spoken;
  expect(reports().at(-1)).toMatchObject({ status: 'completed', completion_reason: 'stopped', exit_code: 0 });
  await waitFor('the browser to be gone', () => family.every(({ pid }) => !isAlive(pid)));
  await waitFor('the bot to be gone from the room', () => ann.participants().length === 0);
  expect(await child.output).not.toContain(token);
});

test('a bot that is killed takes its browser with it', async () => {
  const room = await world.openRoom();
  await using _ann = await room.join('Ann');
  const config = { ...world.meetingConfig(room), redisUrl: 'redis://127.0.0.1:1' };
  const child = run(config);
  const reports = () => world.manager.callbacks.filter((c) => c.connection_id === config.connectionId);
  // Redis is away the whole time, which keeps no bot from its work.
  await waitFor('active', () => reports().some(({ status }) => status === 'active'));
  const family = descendantsOf(child.pid);
  child.kill('SIGKILL');
  await waitFor('the browser to be gone', () => family.every(({ pid }) => !isAlive(pid)), { deadlineMs: 15_000 });
});

test('a folder of diagnoses that cannot be tidied keeps no bot from its work', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vexa-diagnosis-'));
  try {
    const stubborn = join(folder, 'not-a-file.png');
    await mkdir(stubborn);
    await utimes(stubborn, 0, 0);
    const config = world.meetingConfig(await world.openRoom());
    const child = run(config, { BOT_DIAGNOSIS_DIR: folder, CHROMIUM_PATH: '/nowhere/chromium' });
    expect(await once(child, 'exit')).toEqual([1, null]);
    const last = world.manager.callbacks.findLast((c) => c.connection_id === config.connectionId);
    expect(last).toMatchObject({ status: 'failed', reason: expect.stringContaining('CHROMIUM_PATH') });
    expect(await child.output).toContain('old diagnoses could not be removed');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a recipe that cannot be checked is told apart from one that no longer matches', async () => {
  const cli = fileURLToPath(new URL('../src/recipe-check-cli.ts', import.meta.url));
  const closed = ['--platform', 'local', '--url', 'http://127.0.0.1:9/room'];
  const child = spawn(process.execPath, [cli, ...closed], { stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(child);
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(said).toMatch(/The recipe could not be checked: page\.goto: net::ERR/);
  expect(code).toBe(3);
});
