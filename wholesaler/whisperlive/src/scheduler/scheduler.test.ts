import { expect, test } from 'vitest';
import type { Engine, TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { Scheduler } from './scheduler.ts';

const job = (name: string): TranscribeJob => ({ audio: new Float32Array(1), language: name, task: 'transcribe' });

/** An engine that finishes one job at a time, when told to. */
function manualEngine() {
  const order: string[] = [];
  let finish: (() => void) | undefined;
  const engine: Engine = {
    model: 'fake',
    multilingual: false,
    languages: ['en'],
    ready: true,
    transcribe: ({ language }) => {
      order.push(String(language));
      return new Promise((resolve) => {
        finish = () => resolve({ text: String(language) } as TranscribeResult);
      });
    },
    async [Symbol.asyncDispose]() {},
  };
  return { engine, order, finishOne: () => finish?.() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('finals overtake drafts and keep their own order', async () => {
  const { engine, order, finishOne } = manualEngine();
  const scheduler = new Scheduler(engine);
  void scheduler.draft('a', job('running'));
  void scheduler.draft('b', job('draft'));
  void scheduler.final(job('final-1'));
  void scheduler.final(job('final-2'));
  for (let i = 0; i < 4; i += 1) {
    finishOne();
    await turn();
  }
  expect(order).toEqual(['running', 'final-1', 'final-2', 'draft']);
});

test('a newer draft takes the place of the one that waits', async () => {
  const { engine, order, finishOne } = manualEngine();
  const scheduler = new Scheduler(engine);
  void scheduler.final(job('running'));
  const old = scheduler.draft('a', job('old'));
  const newer = scheduler.draft('a', job('new'));
  expect(await old).toBeUndefined();
  finishOne();
  await turn();
  finishOne();
  expect((await newer)?.text).toBe('new');
  expect(order).toEqual(['running', 'new']);
});

test('a failed decode reaches its caller and the next job still runs', async () => {
  let calls = 0;
  const engine: Engine = {
    model: 'fake',
    multilingual: false,
    languages: ['en'],
    ready: true,
    transcribe: async () => {
      calls += 1;
      if (calls === 1) throw new Error('broken');
      return { text: 'fine' } as TranscribeResult;
    },
    async [Symbol.asyncDispose]() {},
  };
  const scheduler = new Scheduler(engine);
  const failing = scheduler.final(job('1'));
  const working = scheduler.final(job('2'));
  await expect(failing).rejects.toThrow('broken');
  expect((await working).text).toBe('fine');
});
