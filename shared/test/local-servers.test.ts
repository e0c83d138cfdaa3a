import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { startPostgres } from '../src/local/postgres.ts';
import { startRedis } from '../src/local/redis.ts';
import { MissingProgramError, startServerProcess } from '../src/local/server-process.ts';
import { createLogger } from '../src/logging.ts';
import { connectRedis } from '../src/redis/client.ts';
import { waitFor } from '../src/testing/wait-for.ts';

test('a database of our own keeps what was committed through a crash', async () => {
  await using server = await startPostgres();
  const sql = postgres(await server.createDatabase('one'), { onnotice: () => {} });
  await sql`create table t (n int)`;
  await sql`insert into t values (7)`;
  await server.restart();
  const rows = await waitFor('the database', () => sql`select n from t`.catch(() => undefined));
  expect(rows[0]?.n).toBe(7);
  await sql.end();
});

test('a Redis of our own comes back with its data after a kill', async () => {
  await using server = await startRedis();
  const redis = connectRedis(server.url, createLogger('test', 'silent'));
  await redis.set('a', '1');
  await redis.call('WAITAOF', '1', '0', '0').catch(() => undefined); // Redis 7.2; older ones flush within a second
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await server.kill();
  await server.start();
  expect(await redis.get('a')).toBe('1');
  redis.disconnect();
});

test('a server does not outlive the process that started it, even when that is killed', async () => {
  const script = `
    import { startServerProcess } from ${JSON.stringify(new URL('../src/local/server-process.ts', import.meta.url).href)};
    const child = await startServerProcess({ command: 'sh', args: ['-c', 'echo ready; exec sleep 60'], readyWhen: 'ready' });
    console.log(child.pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const alive = () => existsSync(`/proc/${line}`);
  expect(alive()).toBe(true);
  parent.kill('SIGKILL');
  await waitFor('the server to end', () => !alive());
});

test('a program that is not installed is told from one that fails', async () => {
  await expect(startServerProcess({ command: 'no-such-server', args: [], readyWhen: 'is ready' })).rejects.toThrow(
    MissingProgramError,
  );
  await expect(
    startServerProcess({ command: 'sh', args: ['-c', 'echo broken; exit 3'], readyWhen: 'is ready' }),
  ).rejects.toThrow('broken');
});
