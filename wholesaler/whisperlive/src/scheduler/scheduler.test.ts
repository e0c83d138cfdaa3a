import { expect, test, vi } from 'vitest';
import type { Engine, TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { Scheduler } from './scheduler.ts';
import { defaultSettings } from './settings.ts';

/** One job at a time, so that their order can be seen. */
const oneByOne = { settings: { ...defaultSettings, maxFinals: 1, maxDrafts: 1, maxFiles: 1 } };

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
  const scheduler = new Scheduler(engine, {}, oneByOne);
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
  const scheduler = new Scheduler(engine, {}, oneByOne);
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
    const scheduler = new Scheduler(engine, {}, oneByOne);
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
  const scheduler = new Scheduler(
    engine,
    {
      onDecoded: (kind, { audioSeconds }) => decoded.push(`${kind} ${audioSeconds * 16_000}`),
      onShed: () => {
        shed += 1;
      },
    },
    oneByOne,
  );
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
  const scheduler = new Scheduler(engine, {}, oneByOne);
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

test('a newer draft keeps its place in the line, and what may be a final goes before drafts', async () => {
  const { engine, order, finishOne } = manualEngine();
  const scheduler = new Scheduler(engine, {}, oneByOne);
  void scheduler.draft('a', job('running'));
  void scheduler.draft('b', job('old'));
  void scheduler.draft('c', job('other'));
  void scheduler.draft('d', job('may be final'), 'early');
  void scheduler.draft('b', job('newer'));
  for (let i = 0; i < 4; i += 1) {
    finishOne();
    await turn();
  }
  expect(order).toEqual(['running', 'may be final', 'newer', 'other']);
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
  const scheduler = new Scheduler(engine, {}, oneByOne);
  const failing = scheduler.final(job('1'));
  const working = scheduler.final(job('2'));
  await expect(failing).rejects.toThrow('broken');
  expect((await working).text).toBe('fine');
});

test('finals of like length go together, no draft among them, one batch to a worker', async () => {
  const batches: { lane: number; names: string[] }[] = [];
  const pending: (() => void)[] = [];
  const engine: Engine = {
    ...{ model: 'fake', multilingual: false, languages: ['en'], ready: true, workers: 2 },
    transcribe: ({ language }, lane = 0) => {
      const open = batches.find((batch) => batch.lane === lane);
      if (open) open.names.push(String(language));
      else batches.push({ lane, names: [String(language)] });
      return new Promise((resolve) => pending.push(() => resolve({ text: '' } as TranscribeResult)));
    },
    async [Symbol.asyncDispose]() {},
  };
  const sizes: number[] = [];
  const scheduler = new Scheduler(engine, { onBatch: (jobs) => sizes.push(jobs) });
  const seconds = (name: string, length: number) => ({ ...job(name), audio: new Float32Array(length * 16_000) });
  void scheduler.final(seconds('first', 3));
  void scheduler.final(seconds('second', 3));
  void scheduler.draft('a', seconds('draft', 3));
  for (const [name, length] of [
    ['short', 4],
    ['long', 20],
    ['short too', 5],
  ] as const)
    void scheduler.final(seconds(name, length));
  expect(batches).toEqual([
    { lane: 0, names: ['first'] },
    { lane: 1, names: ['second'] },
  ]);
  batches.length = 0;
  pending.shift()?.();
  await turn();
  expect(batches).toEqual([{ lane: 0, names: ['short', 'short too'] }]);
  pending.shift()?.();
  await turn();
  expect(batches[1]).toEqual({ lane: 1, names: ['long'] });
  expect(sizes).toEqual([1, 1, 2, 1]);
});

test('finals and files fall back to temperatures, drafts do not', async () => {
  const asked: (boolean | undefined)[] = [];
  const engine: Engine = {
    ...{ model: 'fake', multilingual: false, languages: ['en'], ready: true },
    transcribe: async ({ fallback }) => {
      asked.push(fallback);
      return { text: '' } as TranscribeResult;
    },
    async [Symbol.asyncDispose]() {},
  };
  const scheduler = new Scheduler(engine);
  await scheduler.final(job('final'));
  await scheduler.draft('a', job('draft'));
  await scheduler.file(job('file'));
  expect(asked).toEqual([true, undefined, true]);
});
