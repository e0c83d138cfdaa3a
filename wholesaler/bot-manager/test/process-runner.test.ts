import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BotConfig } from '@vexa/shared/contracts/bot';
import { freePort } from '@vexa/shared/local/free-port';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../src/runners/process-runner.ts';
import { readProcesses } from '../src/runners/process-table.ts';
import type { BotExit, Runner } from '../src/runners/runner.ts';
import {
  eventsOf,
  type FakeCollector,
  newUser,
  startCollector,
  twoSegments,
  untilStatus,
  useStores,
} from './fixture.ts';

const entry = fileURLToPath(new URL('./scripted-bot.ts', import.meta.url));
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let logDir: string;
beforeAll(async () => {
  logDir = await mkdtemp(join(tmpdir(), 'vexa-bot-logs-'));
});
afterAll(() => rm(logDir, { recursive: true }));

const config = (botName: string): BotConfig => ({
  meeting_id: 7,
  platform: 'local',
  meetingUrl: 'http://127.0.0.1:9/room',
  botName,
  nativeMeetingId: 'room',
  connectionId: 'c',
  token: 't',
  language: null,
  task: 'transcribe',
  model_identifier: null,
  redisUrl: 'redis://127.0.0.1:9',
  whisperLiveUrl: 'ws://127.0.0.1:9',
  botManagerCallbackUrl: 'http://127.0.0.1:9/callback',
  automaticLeave: { waitingRoomTimeout: 1, noOneJoinedTimeout: 1, everyoneLeftTimeout: 1, maxBotTime: 1 },
});

describe('the process runner', () => {
  let runner: Runner;
  const owner = `test-${process.pid}`;
  const create = () => createProcessRunner({ entry, env: { PATH: process.env.PATH ?? '' }, logDir, owner });
  beforeEach(() => {
    runner = create();
  });
  afterEach(async () => {
    for (const { id } of await runner.list()) await runner.stop(id, { graceMs: 0 });
    await runner[Symbol.asyncDispose]();
  });
  let count = 0;
  const start = (botName = 'good') => {
    const name = `vexa-bot-7-${(++count).toString(16).padStart(8, '0')}`;
    return runner.start({ name, labels: {}, config: config(botName) });
  };
  const wrote = (name: string) =>
    waitFor('its log', async () => (await runner.logs(name, { lines: 5 })).includes('bot of meeting 7'));

  it('starts a bot that another runner of the same owner finds and ends', async () => {
    const bot = await start();
    await wrote(bot.name);
    await using other = create();
    expect(await other.list()).toEqual([bot]);
    expect(await other.inspect(bot.id)).toBe('running');
    await other.stop(bot.id, { graceMs: 0 });
    expect(await runner.inspect(bot.id)).toBe('gone');
    expect(await runner.list()).toEqual([]);
    await other.stop(bot.id, { graceMs: 0 });
  });

  it('does not see the bots of another owner', async () => {
    await start();
    await using stranger = createProcessRunner({ entry, env: {}, logDir, owner: 'somebody-else' });
    expect(await stranger.list()).toEqual([]);
  });

  it('does not take a later process with the same pid for the bot', async () => {
    const bot = await start();
    const [pid] = bot.id.split(':');
    expect(await runner.inspect(`${pid}:1`)).toBe('gone');
    await runner.stop(`${pid}:1`, { graceMs: 0 });
    expect(await runner.inspect(bot.id)).toBe('running');
  });

  it('tells when a bot exits, and with which code', async () => {
    const exits: BotExit[] = [];
    using _ = runner.onExit((exit) => exits.push(exit));
    const broken = await start('broken');
    await waitFor('the exit', () => exits.length === 1);
    expect(exits).toEqual([{ name: broken.name, exitCode: 3 }]);
  });

  it('kills a bot that does not end when asked, with what it started', async () => {
    const immortal = await start('immortal');
    await wrote(immortal.name);
    await runner.stop(immortal.id, { graceMs: 200 });
    expect(await runner.inspect(immortal.id)).toBe('gone');

    const parent = await start('with-child');
    await wrote(parent.name);
    const pid = Number(parent.id.split(':')[0]);
    const child = await waitFor('its child', async () => (await readProcesses()).find((row) => row.parent === pid));
    await runner.stop(parent.id, { graceMs: 0 });
    await waitFor('the child to end', async () => !(await readProcesses()).some((row) => row.pid === child.pid));
  });
});

describe('a real bot-manager with real bots', { timeout: 90_000 }, () => {
  const stores = useStores();
  let collector: FakeCollector;
  let managers: ChildProcess[];
  let url: string;
  let port: number;
  beforeAll(async () => {
    collector = await startCollector();
  });
  afterAll(() => collector[Symbol.asyncDispose]());
  beforeEach(async () => {
    collector.answer = () => twoSegments;
    managers = [];
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
  });
  afterEach(async () => {
    for (const manager of managers)
      if (manager.exitCode === null && manager.signalCode === null) await end(manager, 'SIGTERM');
  });

  const manage = async (env: Record<string, string> = {}): Promise<ChildProcess> => {
    const manager = spawn(process.execPath, [main], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: stores.databaseUrl,
        REDIS_URL: stores.redisUrl,
        INTERNAL_TOKEN_SECRET: 'internal-secret-of-the-tests',
        SESSION_TOKEN_SECRET: 'session-secret-of-the-tests',
        ADMIN_API_TOKEN: 'the-operator-of-the-tests',
        MODELS: 'tiny.en',
        TRANSCRIPTION_COLLECTOR_URL: collector.url,
        WHISPERLIVE_URL: 'ws://127.0.0.1:9',
        RECONCILE_INTERVAL_MS: '100',
        STOP_BOTS_ON_SHUTDOWN: 'true',
        WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
        BOT_ENTRY: entry,
        BOT_LOG_DIR: logDir,
        ...env,
      },
    });
    managers.push(manager);
    await waitFor('the bot-manager', async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok, {
      deadlineMs: 60_000,
    });
    return manager;
  };
  const end = async (manager: ChildProcess, signal: NodeJS.Signals) => {
    const exited = once(manager, 'exit');
    manager.kill(signal);
    await exited;
  };
  const botProcesses = async () => (await readProcesses()).filter(({ args }) => args.includes(entry));

  it('survives kill -9: its bots live on, are adopted, and leave when told', async () => {
    const first = await manage();
    const user = await newUser(stores, { url });
    await user('POST', '/bots', { platform: 'local', native_meeting_id: 'killed' });
    const { bot_container_id } = await untilStatus(user, 'killed', 'active');
    await end(first, 'SIGKILL');
    expect(await botProcesses()).toHaveLength(1);
    await manage();
    expect((await user('GET', '/bots/status')).body.running_bots).toMatchObject([{ container_id: bot_container_id }]);
    await user('DELETE', '/bots/local/killed');
    expect(await untilStatus(user, 'killed', 'completed')).toMatchObject({ completion_reason: 'stopped' });
    await waitFor('the bot to be gone', async () => (await botProcesses()).length === 0);
  });

  it.each(['it asked for the bot', 'the stop was accepted', 'the bot has left'])(
    'goes on where it was killed: right after %s',
    async (moment) => {
      collector.answer = () => ({ ...twoSegments, drained: moment !== 'the bot has left' });
      let manager = await manage();
      const restartAt = async (here: string) => {
        if (moment !== here) return;
        await end(manager, 'SIGKILL');
        collector.answer = () => twoSegments;
        manager = await manage();
      };
      const user = await newUser(stores, { url });
      await user('PUT', '/user/webhook', {
        webhook_url: 'http://127.0.0.1:9/hook',
        webhook_secret: 'a-secret-of-the-tests',
      });
      await user('POST', '/bots', { platform: 'local', native_meeting_id: 'moments' });
      await restartAt('it asked for the bot');
      await untilStatus(user, 'moments', 'active');
      await user('DELETE', '/bots/local/moments');
      await restartAt('the stop was accepted');
      if (moment === 'the bot has left') {
        await waitFor(
          'the bot to be gone',
          async () => (await user('GET', '/bots/status')).body.running_bots.length === 0,
        );
      }
      await restartAt('the bot has left');
      expect(await untilStatus(user, 'moments', 'completed')).toMatchObject({ completion_reason: 'stopped' });
      const events = await eventsOf(stores, user.userId, 'meeting.finished');
      expect(events.map(({ data }) => data.incomplete)).toEqual([false]);
      await waitFor('the bot to be gone', async () => (await botProcesses()).length === 0);
    },
  );

  it('replaces a bot that is killed, also one it only adopted', async () => {
    const first = await manage();
    const user = await newUser(stores, { url });
    await user('POST', '/bots', { platform: 'local', native_meeting_id: 'replaced' });
    const before = await untilStatus(user, 'replaced', 'active');
    await end(first, 'SIGKILL');
    await manage();
    process.kill(Number(before.bot_container_id!.split(':')[0]), 'SIGKILL');
    await waitFor('another bot', async () => {
      const { body } = await user('GET', '/meetings/local/replaced');
      return body.bot_container_id !== before.bot_container_id && body.status === 'active';
    });
    await user('DELETE', '/bots/local/replaced');
    await untilStatus(user, 'replaced', 'completed');
    await waitFor('the bots to be gone', async () => (await botProcesses()).length === 0);
  });

  it('ends a bot that listens to nothing, and leaves no process behind', async () => {
    await manage({ STOPPING_TIMEOUT_MS: '300' });
    const user = await newUser(stores, { url });
    await user('POST', '/bots', { platform: 'local', native_meeting_id: 'deaf', bot_name: 'deaf' });
    await untilStatus(user, 'deaf', 'active');
    await user('DELETE', '/bots/local/deaf');
    await untilStatus(user, 'deaf', 'completed');
    await waitFor('the bot to be gone', async () => (await botProcesses()).length === 0);
  });

  it('ends its bots at an orderly shutdown when told so', async () => {
    const manager = await manage();
    const user = await newUser(stores, { url });
    await user('POST', '/bots', { platform: 'local', native_meeting_id: 'shutdown' });
    await untilStatus(user, 'shutdown', 'active');
    await end(manager, 'SIGTERM');
    expect(manager.exitCode).toBe(0);
    expect(await botProcesses()).toEqual([]);
  });
});
