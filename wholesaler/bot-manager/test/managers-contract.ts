import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { freePort } from '@vexa/shared/local/free-port';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { botRuns } from '@vexa/wholesaler-database/schema';
import { asc } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { eventsOf, newUser, startCollector, twoSegments, untilStatus, useStores } from './fixture.ts';
import { endManager, spawnManager } from './manager-process.ts';
import type { RunnerKind } from './runner-contract.ts';

const slow = { deadlineMs: 60_000 };

interface Balancer extends AsyncDisposable {
  port: number;
  /** As when a probe finds that nobody answers there. */
  leaveOut(port: number): void;
}

/** Passes each connection on to the first of the ports where somebody listens, as the service of a cluster does. */
async function startBalancer(ports: number[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const left = new Set<number>();
  const pass = (client: Socket, [port, ...others]: number[]): void => {
    if (port === undefined) return void client.destroy();
    const upstream = connect(port, '127.0.0.1');
    sockets.add(upstream);
    const failed = () => pass(client, others);
    upstream.once('error', failed).once('connect', () => {
      upstream.off('error', failed).on('error', () => client.destroy());
      upstream.once('close', () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => sockets.delete(upstream));
  };
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => client.destroy()).once('close', () => sockets.delete(client));
    pass(
      client,
      ports.filter((port) => !left.has(port)),
    );
  });
  await once(server.listen(0), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    leaveOut(port) {
      left.add(port);
      for (const socket of sockets) if (socket.remotePort === port) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What several bot-managers promise that share a database and a runner; `signals` are the ways to lose one. */
export function describeManagers(kind: RunnerKind, signals: NodeJS.Signals[] = ['SIGKILL']): void {
  describe(`two bot-managers with the ${kind.name} runner`, { timeout: 240_000 }, () => {
    const stores = useStores();

    it.each(signals)('start no bot twice and lose none when the one that leads gets %s', async (signal) => {
      await using collector = await startCollector();
      collector.answer = () => twoSegments;
      const ports = [await freePort(), await freePort()];
      await using balancer = await startBalancer(ports);
      const managers = new Map<number, ChildProcess>();
      await using _ = {
        async [Symbol.asyncDispose]() {
          for (const manager of managers.values()) await endManager(manager, 'SIGTERM');
        },
      };
      const start = async (port: number) => {
        const env = {
          PUBLIC_CALLBACK_URL: `http://127.0.0.1:${balancer.port}`,
          ...kind.env(balancer.port),
          PORT: String(port),
        };
        managers.set(port, await spawnManager(stores, { port, collectorUrl: collector.url, env }));
      };
      await Promise.all(ports.map(start));
      const leads = async (port: number) => {
        const signal = AbortSignal.timeout(5_000);
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal }).catch(() => undefined);
        return /^vexa_reconciler_leads\S* 1$/m.test((await answer?.text()) ?? '');
      };
      const leader = await waitFor('one to lead', async () => {
        const [one, two] = await Promise.all(ports.map(leads));
        return one !== two && ports[one ? 0 : 1];
      });
      const other = ports.find((port) => port !== leader)!;

      const user = await newUser(stores, { url: `http://127.0.0.1:${balancer.port}` });
      await user('PUT', '/user/webhook', {
        webhook_url: 'http://127.0.0.1:9/hook',
        webhook_secret: 'a-secret-of-the-tests',
      });
      const rooms = ['stays', 'dies', 'leaves'];
      for (const native_meeting_id of rooms) await user('POST', '/bots', { platform: 'local', native_meeting_id });
      const before = await Promise.all(rooms.map((room) => untilStatus(user, room, 'active')));
      await user('DELETE', '/bots/local/leaves');
      const lost = managers.get(leader)!;
      managers.delete(leader);
      await using __ = { [Symbol.asyncDispose]: () => endManager(lost, 'SIGKILL') };
      lost.kill(signal);
      balancer.leaveOut(leader);
      await kind.kill(before[1]!.bot_container_id!);

      await waitFor('the other to lead', () => leads(other), slow);
      lost.kill('SIGCONT'); // one that only hung goes on, and follows
      expect(await untilStatus(user, 'leaves', 'completed')).toMatchObject({ completion_reason: 'stopped' });
      await waitFor('another bot', async () => {
        const { body } = await user('GET', '/meetings/local/dies');
        return body.status === 'active' && body.bot_container_id !== before[1]!.bot_container_id;
      });
      const { body: kept } = await user('GET', '/meetings/local/stays');
      expect(kept).toMatchObject({ status: 'active', bot_container_id: before[0]!.bot_container_id });
      await waitFor('two bots', async () => (await kind.bots()).length === 2, slow);

      await user('DELETE', '/bots/local/stays');
      await user('DELETE', '/bots/local/dies');
      for (const room of ['stays', 'dies']) await untilStatus(user, room, 'completed');
      await waitFor('the bots to be gone', async () => (await kind.bots()).length === 0, slow);
      expect([await leads(leader), await leads(other)]).toEqual([false, true]);
      const runs = await stores.connection.db.select().from(botRuns).orderBy(asc(botRuns.started_at));
      const runsOf = (index: number) => runs.filter(({ meeting_id }) => meeting_id === before[index]!.id).length;
      expect(before.map((_meeting, index) => runsOf(index))).toEqual([1, 2, 1]);
      expect(await eventsOf(stores, user.userId, 'meeting.finished')).toHaveLength(3);
    });
  });
}
