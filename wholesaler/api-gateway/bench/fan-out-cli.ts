import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { channels } from '@vexa/shared/contracts/redis-names';
import { createLogger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { WebSocket } from 'ws';
import { goFirst } from './priority.ts';
import { startBenchStack } from './stack.ts';

const sizes = [10, 100, 1_000];
const messages = process.env.VEXA_BENCH_QUICK ? 20 : 60;
const everyMs = 50;
const openAtOnce = 50;
const meetingId = 7;

const priority = goFirst();
await using stack = await startBenchStack({ PATH: process.env.PATH, HOME: process.env.HOME });
const redis = connectRedis(stack.redisUrl, createLogger('bench', 'warn'));

const rounded = (value: number): number => Number(value.toPrecision(4));
const percentile = (sorted: Float64Array, p: number): number => sorted[Math.floor(sorted.length * p)] ?? Number.NaN;

/** One frame of a draft with a sentence of usual length; its time of publication goes along as its end. */
const publication = (n: number): string =>
  JSON.stringify({
    segments: [
      {
        segment_id: `bench:${n}`,
        start: n,
        end: performance.now(),
        text: 'So what we would like to see by the end of the quarter is a plan that everybody here can live with.',
        language: 'en',
        speaker: 'Ann',
        session_uid: 'bench',
        completed: false,
        created_at: null,
        updated_at: null,
        absolute_start_time: null,
        absolute_end_time: null,
      },
    ],
    ts: new Date().toISOString(),
  });

async function openSockets(count: number, onFrame: (text: string) => void): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(openAtOnce, count - sockets.length) }, async () => {
      const socket = new WebSocket(`${stack.gatewayUrl.replace('http', 'ws')}/ws`, {
        headers: { 'x-api-key': stack.key },
      });
      await once(socket, 'open');
      socket.send(
        JSON.stringify({ action: 'subscribe', meetings: [{ platform: 'local', native_id: `live-${meetingId}` }] }),
      );
      await once(socket, 'message');
      socket.on('message', (data) => onFrame(String(data)));
      return socket;
    });
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

async function fanOut(count: number) {
  const latencies = new Float64Array(count * messages);
  let received = 0;
  const sockets = await openSockets(count, (text) => {
    const sentAt = Number(/"end":([\d.]+)/.exec(text)?.[1]);
    latencies[received++] = performance.now() - sentAt;
  });
  const before = await stack.gatewayCost();
  const startedAt = performance.now();
  for (let n = 0; n < messages; n++) {
    await redis.publish(channels.mutableSegments(meetingId), publication(n));
    await wait(everyMs);
  }
  await waitFor('every frame', () => received >= count * messages, { deadlineMs: 60_000 }).catch(() => undefined);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { cpuSeconds, memoryBytes } = await stack.gatewayCost();
  const closed = Promise.all(sockets.map((socket) => once(socket, 'close')));
  for (const socket of sockets) socket.close();
  await closed;
  const sorted = latencies.subarray(0, received).sort();
  return {
    sockets: count,
    frames_per_second: Math.round(received / seconds),
    p50_ms: rounded(percentile(sorted, 0.5)),
    p99_ms: rounded(percentile(sorted, 0.99)),
    cpu_us_per_frame: rounded(((cpuSeconds - before.cpuSeconds) * 1e6) / received),
    memory_mb: Math.round(memoryBytes / 1024 / 1024),
    lost: count * messages - received,
  };
}

const rows: Awaited<ReturnType<typeof fanOut>>[] = [];
for (const count of sizes) rows.push(await fanOut(count));
const smallest = rows[0];
const figures = rows.map((row) => ({
  ...row,
  p99_ratio: rounded(row.p99_ms / (smallest?.p99_ms ?? Number.NaN)),
  cpu_per_frame_ratio: rounded(row.cpu_us_per_frame / (smallest?.cpu_us_per_frame ?? Number.NaN)),
}));
console.log(`Live frames of one meeting to its readers, ${1_000 / everyMs} messages a second`);
console.table(figures);
redis.disconnect();

const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  load: loadavg()[0],
  priority,
  node: process.version,
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
};
const proof = new URL('../../../proof/', import.meta.url);
mkdirSync(proof, { recursive: true });
writeFileSync(new URL('bench-live-fan-out.json', proof), `${JSON.stringify({ machine, figures }, null, 2)}\n`);
if (figures.some(({ lost }) => lost > 0)) {
  console.error('Frames were lost.');
  process.exitCode = 1;
}
