import { expect, test, vi } from 'vitest';
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

test("a file's utterances wait for everything live", async () => {
  const { engine, order, finishOne } = manualEngine();
  const scheduler = new Scheduler(engine);
  void scheduler.file(job('file-1'));
  void scheduler.file(job('file-2'));
  void scheduler.draft('a', job('draft'));
  void scheduler.final(job('final'));
  for (let i = 0; i < 4; i += 1) {
    finishOne();
    await turn();
  }
  expect(order).toEqual(['file-1', 'final', 'draft', 'file-2']);
});

test('a file that waited long goes before drafts, never before finals', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const { engine, order, finishOne } = manualEngine();
    const scheduler = new Scheduler(engine);
    void scheduler.final(job('running'));
    void scheduler.file(job('file'));
    vi.advanceTimersByTime(6_000);
    void scheduler.draft('a', job('draft'));
    void scheduler.final(job('final'));
    for (let i = 0; i < 4; i += 1) {
      finishOne();
      await turn();
    }
    expect(order).toEqual(['running', 'final', 'file', 'draft']);
  } finally {
    vi.useRealTimers();
  }
});

test('what a job waited and took is told, and a draft given up is told as shed', async () => {
  const { engine, finishOne } = manualEngine();
  const decoded: string[] = [];
  let shed = 0;
  const scheduler = new Scheduler(engine, {
    onDecoded: (kind, { audioSeconds }) => decoded.push(`${kind} ${audioSeconds * 16_000}`),
    onShed: () => {
      shed += 1;
    },
  });
  void scheduler.final(job('running'));
  void scheduler.draft('a', job('old'));
  expect(scheduler.waiting).toEqual({ final: 0, draft: 1, file: 0 });
  scheduler.dropDraft('a');
  scheduler.dropDraft('a');
  finishOne();
  await turn();
  expect(shed).toBe(1);
  expect(decoded).toEqual(['final 1']);
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
