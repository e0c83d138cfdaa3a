import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { WebSocket } from 'ws';
import type { BenchStack } from './stack.ts';

interface FanOut {
  meetings: number;
  sockets: number;
  /** Sentences told of, one meeting after the other. */
  frames: number;
  everyMs: number;
}

const openAtOnce = 50;

/** Frames of `meetings` at the wholesaler to `sockets` of users, through the one socket between them. */
export async function measureFanOut(stack: BenchStack, { meetings, sockets, frames, everyMs }: FanOut) {
  const rooms = Array.from({ length: meetings }, (_, n) => `fan-${meetings}-${sockets}-${n}`);
  const headers = { 'x-api-key': stack.key, 'content-type': 'application/json' };
  for (const native_meeting_id of rooms) {
    const body = JSON.stringify({ platform: 'local', native_meeting_id });
    const answer = await fetch(`${stack.url}/bots`, { method: 'POST', headers, body });
    if (answer.status !== 201) throw new Error(`a start was answered ${answer.status}`);
  }
  const latencies: number[] = [];
  const onFrame = (text: string) => {
    const sentAt = Number(/"text":"(\d+)"/.exec(text)?.[1]);
    if (sentAt > 0) latencies.push(Date.now() - sentAt);
  };
  const open: WebSocket[] = [];
  while (open.length < sockets) {
    const batch = Array.from({ length: Math.min(openAtOnce, sockets - open.length) }, async (_, i) => {
      const socket = new WebSocket(`${stack.url.replace('http', 'ws')}/ws`, { headers: { 'x-api-key': stack.key } });
      await once(socket, 'open');
      const native_id = rooms[(open.length + i) % meetings];
      const subscribed = once(socket, 'message');
      socket.send(JSON.stringify({ action: 'subscribe', meetings: [{ platform: 'local', native_id }] }));
      await subscribed;
      socket.on('message', (data) => onFrame(String(data)));
      return socket;
    });
    open.push(...(await Promise.all(batch)));
  }
  const before = await stack.cost();
  const startedAt = performance.now();
  for (let n = 0; n < frames; n++) {
    stack.publish(rooms[n % meetings] ?? '');
    await wait(everyMs);
  }
  const expected = frames * (sockets / meetings);
  await waitFor('every frame', () => latencies.length >= expected, { deadlineMs: 60_000 }).catch(() => undefined);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { cpuSeconds, memoryBytes } = await stack.cost();
  const closed = Promise.all(open.map((socket) => once(socket, 'close')));
  for (const socket of open) socket.close();
  await closed;
  latencies.sort((a, b) => a - b);
  const latency = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return {
    meetings,
    sockets,
    frames_per_second: Math.round(latencies.length / seconds),
    p50_ms: latency(0.5),
    p99_ms: latency(0.99),
    cpu_us_per_frame: Math.round(((cpuSeconds - before.cpuSeconds) * 1e6) / latencies.length),
    memory_mb: Math.round(memoryBytes / 1024 / 1024),
    lost: expected - latencies.length,
  };
}
