import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Speaker } from '@vexa/load-tester/speaker';
import { ensureModel } from '../../src/models/ensure-model.ts';
import type { Context } from '../context.ts';
import { type AudioServer, startService } from '../live/servers.ts';
import { threads } from '../measure/our-engine.ts';
import { fixed } from '../measure/report.ts';

/** Bytes of resident memory after each step. */
export interface MemorySteps {
  atRest: number;
  voiceDetector: number;
  model: number;
  afterOne: number;
  afterSixteen: number;
}

const mebibyte = 2 ** 20;
const idlePromiseMiB = 2;
/** An idle stream has heard so much silence: it has its detector, its buffer and its session. */
const idleSeconds = 3;
const settleMs = 2_000;

const inMiB = (bytes: number): string => fixed(bytes / mebibyte, 0);

/** Memory of the process at rest, for each model, after decoding much at once, and for each idle stream. */
export async function benchMemory(context: Context): Promise<void> {
  const { report, models, quick } = context;
  const perModel: Record<string, MemorySteps> = {};
  for (const model of models) {
    report.progress(`memory of ${model}`);
    perModel[model] = await stepsOf(context, model);
  }
  const columns = ['', 'at rest', '+ voice detector', '+ model', 'after 28 s', 'after 16 × 28 s at once'];
  const row = (name: string, steps: MemorySteps) => [name, ...Object.values(steps).map(inMiB)];
  report.table(
    'Memory, MiB resident',
    columns,
    Object.entries(perModel).map(([name, steps]) => row(name, steps)),
  );
  const streams = quick ? 50 : 200;
  report.progress(`memory of ${streams} idle streams`);
  const perStream = await idleStream(context, streams);
  report.table('Memory per idle stream', ['streams', 'MiB each'], [[streams, fixed(perStream / mebibyte, 3)]]);
  report.figures('memory', { perModel, idleStreams: { streams, bytesEach: perStream } });
  report.promise(
    `an idle stream takes at most ${idlePromiseMiB} MiB`,
    `${fixed(perStream / mebibyte, 3)} MiB`,
    perStream / mebibyte <= idlePromiseMiB,
  );
}

async function stepsOf({ modelsDir, env }: Context, model: string): Promise<MemorySteps> {
  await ensureModel(model, { modelsDir });
  const child = fork(join(import.meta.dirname, 'memory-child.ts'), [model, modelsDir, String(threads)], { env });
  const exit = once(child, 'exit');
  const message = await Promise.race([once(child, 'message').then(([steps]) => steps as MemorySteps), exit]);
  if (!('atRest' in message)) throw new Error(`the process that was measured exited with ${message[0]}`);
  await exit;
  return message;
}

async function idleStream(context: Context, streams: number): Promise<number> {
  await using server = await startService(context, { model: context.models[0] ?? 'tiny.en' });
  // What the first connection needs for good is not the streams' own.
  for (const speaker of await listen(server, 5, 'first')) await speaker.finish();
  const before = await settled(server);
  const speakers = await listen(server, streams, 'idle');
  const after = await settled(server);
  for (const speaker of speakers) speaker[Symbol.dispose]();
  return (after - before) / streams;
}

async function listen(server: AudioServer, count: number, name: string): Promise<Speaker[]> {
  const speakers: Speaker[] = [];
  for (let i = 0; i < count; i += 1) {
    const speaker = await Speaker.connect(server.url, server.config(`${name}-${i}`));
    for (let second = 0; second < idleSeconds; second += 1) speaker.send(new Float32Array(16_000));
    speakers.push(speaker);
  }
  return speakers;
}

async function settled(server: AudioServer): Promise<number> {
  await delay(settleMs);
  return (await server.usage()).rssBytes;
}
