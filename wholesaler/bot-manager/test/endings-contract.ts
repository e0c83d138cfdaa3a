import type { ChildProcess } from 'node:child_process';
import { freePort } from '@vexa/shared/local/free-port';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { botRuns } from '@vexa/wholesaler-database/schema';
import { isNull } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeCollector, newUser, startCollector, twoSegments, untilStatus, useStores } from './fixture.ts';
import { endManager, spawnManager } from './manager-process.ts';
import type { RunnerKind } from './runner-contract.ts';

const slow = { deadlineMs: 60_000 };
const pairs = [
  ['one', 'two'],
  ['three', 'four'],
];

/** What becomes of bots that a real bot-manager started with this runner: nothing is left, and what went wrong is told. */
export function describeEndings(kind: RunnerKind): void {
  describe(`bots of the ${kind.name} runner`, { timeout: 240_000 }, () => {
    const stores = useStores();
    let collector: FakeCollector;
    let manager: ChildProcess;
    let url: string;
    let log = '';
    beforeAll(async () => {
      collector = await startCollector();
      collector.answer = () => twoSegments;
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const env = { ...kind.env(port), MAX_BOTS: '2', STOPPING_TIMEOUT_MS: '300', BOT_RESTARTS: '0' };
      manager = await spawnManager(stores, { port, collectorUrl: collector.url, env, onLog: (text) => (log += text) });
    });
    afterAll(async () => {
      await endManager(manager, 'SIGTERM');
      await collector[Symbol.asyncDispose]();
    });
    const nobodyIsLeft = () => waitFor('the bots to be gone', async () => (await kind.bots()).length === 0, slow);

    it('are refused when all are busy, and leave room and no trace when they go', async () => {
      const user = await newUser(stores, { url }, { limit: 10 });
      const start = (room: string) => user('POST', '/bots', { platform: 'local', native_meeting_id: room });
      for (const [first = '', second = ''] of pairs) {
        expect((await Promise.all([start(first), start(second)])).map(({ status }) => status)).toEqual([201, 201]);
        const refused = await start('too-many');
        expect([refused.status, refused.body.code]).toEqual([503, 'no_capacity']);
        for (const room of [first, second]) {
          await untilStatus(user, room, 'active');
          await user('DELETE', `/bots/local/${room}`);
        }
        for (const room of [first, second]) await untilStatus(user, room, 'completed');
      }
      await nobodyIsLeft();
      const { db } = stores.connection;
      expect(await db.select().from(botRuns).where(isNull(botRuns.ended_at))).toEqual([]);
      expect((await db.select().from(botRuns)).map(({ exit_code }) => exit_code)).toEqual(pairs.flat().map(() => 0));
    });

    it('are asked, then told, then ended', async () => {
      const user = await newUser(stores, { url });
      const send = async (bot_name: string) => {
        await user('POST', '/bots', { platform: 'local', native_meeting_id: bot_name, bot_name });
        await untilStatus(user, bot_name, 'active');
        await user('DELETE', `/bots/local/${bot_name}`);
      };
      await Promise.all(['deaf', 'immortal'].map(send));
      const ended = await Promise.all(['deaf', 'immortal'].map((room) => untilStatus(user, room, 'completed')));
      expect(ended.map(({ completion_reason }) => completion_reason)).toEqual(['stopped', 'stopped']);
      await nobodyIsLeft();
    });

    it('that fail without a word have their last ones in the log', async () => {
      const user = await newUser(stores, { url });
      await user('POST', '/bots', { platform: 'local', native_meeting_id: 'broken', bot_name: 'broken' });
      const { id } = await untilStatus(user, 'broken', 'failed');
      await waitFor('the log', () => log.includes(`"tail":["bot of meeting ${id}"]`), slow);
    });
  });
}
