import type { ChildProcess } from 'node:child_process';
import { freePort } from '@vexa/shared/local/free-port';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BotExit, Runner } from '../src/runners/runner.ts';
import { exampleBot } from './example-bot.ts';
import {
  eventsOf,
  type FakeCollector,
  newUser,
  startCollector,
  twoSegments,
  untilStatus,
  useStores,
} from './fixture.ts';
import { endManager, spawnManager } from './manager-process.ts';

/** A runner whose bots are `scripted-bot.ts`, and ways to look at them past it. */
export interface RunnerKind {
  name: string;
  create(owner: string): Runner;
  /** For a bot-manager that listens on this port. */
  env(port: number): Record<string, string>;
  /** Ids of the bots that run. */
  bots(): Promise<string[]>;
  /** Ends a bot as a machine does that runs out of memory. */
  kill(id: string): Promise<void>;
}

const slow = { deadlineMs: 60_000 };

let count = 0;
const owner = `test-${process.pid}`;
export const nextName = () =>
  `vexa-bot-7-${process.pid.toString(16).slice(-4).padStart(4, '0')}${(++count).toString(16).padStart(4, '0')}`;
export const specOf = (botName: string) => ({
  name: nextName(),
  labels: { 'vexa.meeting_id': '7' },
  config: { ...exampleBot.config, botName },
});

/** What every runner promises the bot-manager. */
export function describeRunner(kind: RunnerKind): void {
  describe(`the ${kind.name} runner`, { timeout: 120_000 }, () => {
    let runner: Runner;
    beforeEach(() => {
      runner = kind.create(owner);
    });
    afterEach(async () => {
      for (const { id } of await runner.list()) await runner.stop(id, { graceMs: 0 });
      await runner[Symbol.asyncDispose]();
    });
    const start = (botName = 'good') => runner.start(specOf(botName));
    const wrote = (name: string) =>
      waitFor('its log', async () => (await runner.logs(name, { lines: 5 })).includes('bot of meeting 7'), slow);

    it('starts a bot that another runner of the same owner finds and ends', async () => {
      const bot = await start();
      await wrote(bot.name);
      await using other = kind.create(owner);
      expect(await other.list()).toEqual([bot]);
      expect(await other.find(bot.name)).toEqual(bot);
      await other.stop(bot.id, { graceMs: 0 });
      expect(await runner.find(bot.name)).toBeUndefined();
      expect(await runner.list()).toEqual([]);
      await other.stop(bot.id, { graceMs: 0 });
    });

    it('does not see the bots of another owner', async () => {
      await start();
      await using stranger = kind.create('somebody-else');
      expect(await stranger.list()).toEqual([]);
    });

    it('tells when a bot exits, and with which code', async () => {
      const exits: BotExit[] = [];
      using _ = runner.onExit((exit) => exits.push(exit));
      const exitOf = ({ name }: { name: string }) => exits.find((exit) => exit.name === name);
      const broken = await start('broken');
      expect(await waitFor('the exit', () => exitOf(broken), slow)).toEqual({ name: broken.name, exitCode: 3 });
      expect(await runner.logs(broken.name, { lines: 5 })).toContain('bot of meeting 7');
      const killed = await start();
      await wrote(killed.name);
      await kind.kill(killed.id);
      expect(await waitFor('the exit', () => exitOf(killed), slow)).toEqual({ name: killed.name, exitCode: null });
    });

    it('kills a bot that does not end when asked', async () => {
      const immortal = await start('immortal');
      await wrote(immortal.name);
      await runner.stop(immortal.id, { graceMs: 200 });
      expect(await runner.find(immortal.name)).toBeUndefined();
      expect(await runner.list()).toEqual([]);
    });

    it('knows nothing of a bot that never was', async () => {
      expect(await runner.find('vexa-bot-0-00000000')).toBeUndefined();
      expect(await runner.logs('vexa-bot-0-00000000', { lines: 5 })).toEqual([]);
      await runner.stop('0:0', { graceMs: 100 });
    });
  });
}

/** What a real bot-manager makes of its runner. */
export function describeManager(kind: RunnerKind): void {
  describe(`a real bot-manager with the ${kind.name} runner`, { timeout: 240_000 }, () => {
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
      for (const manager of managers) await endManager(manager, 'SIGTERM');
    });

    const manage = async (env: Record<string, string> = {}): Promise<ChildProcess> => {
      const options = { port, collectorUrl: collector.url, env: { ...kind.env(port), ...env } };
      const manager = await spawnManager(stores, options);
      managers.push(manager);
      return manager;
    };

    it('survives kill -9: its bots live on, are adopted, and leave when told', async () => {
      const first = await manage();
      const user = await newUser(stores, { url });
      await user('POST', '/bots', { platform: 'local', native_meeting_id: 'killed' });
      const { bot_container_id } = await untilStatus(user, 'killed', 'active');
      await endManager(first, 'SIGKILL');
      expect(await kind.bots()).toHaveLength(1);
      await manage();
      expect((await user('GET', '/bots/status')).body.running_bots).toMatchObject([{ container_id: bot_container_id }]);
      await user('DELETE', '/bots/local/killed');
      expect(await untilStatus(user, 'killed', 'completed')).toMatchObject({ completion_reason: 'stopped' });
      await waitFor('the bot to be gone', async () => (await kind.bots()).length === 0, slow);
    });

    it.each(['it asked for the bot', 'the stop was accepted', 'the bot has left'])(
      'goes on where it was killed: right after %s',
      async (moment) => {
        collector.answer = () => ({ ...twoSegments, drained: moment !== 'the bot has left' });
        let manager = await manage();
        const restartAt = async (here: string) => {
          if (moment !== here) return;
          await endManager(manager, 'SIGKILL');
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
        await waitFor('the bot to be gone', async () => (await kind.bots()).length === 0, slow);
      },
    );

    it('replaces a bot that is killed, also one it only adopted', async () => {
      const first = await manage();
      const user = await newUser(stores, { url });
      await user('POST', '/bots', { platform: 'local', native_meeting_id: 'replaced' });
      const before = await untilStatus(user, 'replaced', 'active');
      await endManager(first, 'SIGKILL');
      await manage();
      await kind.kill(before.bot_container_id!);
      await waitFor('another bot', async () => {
        const { body } = await user('GET', '/meetings/local/replaced');
        return body.bot_container_id !== before.bot_container_id && body.status === 'active';
      });
      await user('DELETE', '/bots/local/replaced');
      await untilStatus(user, 'replaced', 'completed');
      await waitFor('the bots to be gone', async () => (await kind.bots()).length === 0, slow);
    });

    it('ends a bot that listens to nothing, and leaves no process behind', async () => {
      await manage({ STOPPING_TIMEOUT_MS: '300' });
      const user = await newUser(stores, { url });
      await user('POST', '/bots', { platform: 'local', native_meeting_id: 'deaf', bot_name: 'deaf' });
      await untilStatus(user, 'deaf', 'active');
      await user('DELETE', '/bots/local/deaf');
      await untilStatus(user, 'deaf', 'completed');
      await waitFor('the bot to be gone', async () => (await kind.bots()).length === 0, slow);
    });

    it('ends its bots at an orderly shutdown when told so', async () => {
      const manager = await manage();
      const user = await newUser(stores, { url });
      await user('POST', '/bots', { platform: 'local', native_meeting_id: 'shutdown' });
      await untilStatus(user, 'shutdown', 'active');
      await endManager(manager, 'SIGTERM');
      expect(manager.exitCode).toBe(0);
      expect(await kind.bots()).toEqual([]);
    });
  });
}
