import { benchOptions } from '@vexa/shared/testing/bench-options';
import { asFastAsPossible, fixedRate, type Load, percentile, type Target } from '@vexa/shared/testing/load';
import { writeProof } from '@vexa/shared/testing/proof';
import { measureFanOut } from './fan-out.ts';
import { fillMeetings, measureReads, readsAt } from './growth.ts';
import { startBenchStack } from './stack.ts';

const { quick } = benchOptions(
  'What the retailer adds to reads of the wholesaler, its live sockets, and reads at 1,000 to 1,000,000 meetings.',
);
const seconds = quick ? 2 : 5;
const rounds = 3;
const rates = quick ? [100] : [50, 100, 200];
const sizes = quick ? [1_000, 50_000] : [1_000, 30_000, 1_000_000];
const times = quick ? 100 : 300;
/** Indexes of a thousand times the rows are a level or two deeper. */
const allowedRatio = 3;
const allowedCpuMs = 10;

const rounded = (value: number): number => Number(value.toPrecision(3));
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

await using stack = await startBenchStack({ PATH: process.env.PATH, HOME: process.env.HOME });

async function measured(work: () => Promise<Load>) {
  const before = await stack.cost();
  const load = await work();
  const { cpuSeconds } = await stack.cost();
  return { load, cpu_ms_per_request: rounded(((cpuSeconds - before.cpuSeconds) * 1_000) / load.requests) };
}

const through = (path: string): Target => ({ url: stack.url, path, headers: { 'x-api-key': stack.key } });
const livePath = '/transcripts/local/overhead';

/** In turns, so that whatever else the machine does meets both alike; the middle round counts. */
async function overheadAt(rate: number) {
  const direct: Target = { url: stack.wholesalerUrl, path: livePath, headers: {} };
  const pairs: { plain: Load; resold: Awaited<ReturnType<typeof measured>> }[] = [];
  for (let round = 0; round < rounds; round++) {
    const plain = await fixedRate(direct, rate, seconds);
    pairs.push({ plain, resold: await measured(() => fixedRate(through(livePath), rate, seconds)) });
  }
  const middle = (figure: (pair: (typeof pairs)[number]) => number) => rounded(median(pairs.map(figure)));
  return {
    rate_per_second: rate,
    direct_p50_ms: middle(({ plain }) => percentile(plain, 0.5)),
    direct_p99_ms: middle(({ plain }) => percentile(plain, 0.99)),
    added_p50_ms: middle(({ plain, resold }) => percentile(resold.load, 0.5) - percentile(plain, 0.5)),
    added_p99_ms: middle(({ plain, resold }) => percentile(resold.load, 0.99) - percentile(plain, 0.99)),
    cpu_ms_per_request: middle(({ resold }) => resold.cpu_ms_per_request),
    failed: pairs.reduce((sum, { plain, resold }) => sum + plain.failed + resold.load.failed, 0),
  };
}

async function historyAt(connections: number) {
  const path = `/transcripts/local/room-${(sizes[0] ?? 0) - 1}`;
  const { load, cpu_ms_per_request } = await measured(() => asFastAsPossible(through(path), connections, seconds));
  return {
    connections,
    per_second: Math.round(load.requests / load.seconds),
    p50_ms: rounded(percentile(load, 0.5)),
    p99_ms: rounded(percentile(load, 0.99)),
    cpu_ms_per_request,
    failed: load.failed,
  };
}

await fetch(`${stack.url}/bots`, {
  method: 'POST',
  headers: { 'x-api-key': stack.key, 'content-type': 'application/json' },
  body: JSON.stringify({ platform: 'local', native_meeting_id: 'overhead' }),
});
await asFastAsPossible(through(livePath), 10, 3); // warm: compiled code, open connections
const overhead = [];
for (const rate of rates) overhead.push(await overheadAt(rate));
console.log('A live transcript of 100 segments: added over asking the wholesaler directly, at a fixed rate');
console.table(overhead);

const fanOut = [
  await measureFanOut(stack, { meetings: 10, sockets: 100, frames: quick ? 100 : 300, everyMs: 20 }),
  await measureFanOut(stack, { meetings: 100, sockets: 1_000, frames: quick ? 100 : 300, everyMs: 20 }),
];
console.log('Live frames to many sockets through one');
console.table(fanOut);

interface Growth {
  read: string;
  pages: number[];
  p50_ms: number[];
  /** Of pages, the largest against the smallest. */
  ratio: number;
}
const growth = new Map<string, Growth>();
const history = [];
for (const size of sizes) {
  await fillMeetings(stack, size);
  if (size === sizes[0])
    for (const connections of quick ? [16] : [1, 16, 64]) history.push(await historyAt(connections));
  for (const [read, path] of Object.entries(await readsAt(stack, size))) {
    const { pages, p50Ms } = await measureReads(stack, path, times);
    const row = growth.get(read) ?? { read, pages: [], p50_ms: [], ratio: 1 };
    row.pages.push(rounded(pages));
    row.p50_ms.push(rounded(p50Ms));
    row.ratio = rounded(pages / (row.pages[0] ?? pages));
    growth.set(read, row);
  }
}
console.log('Finished transcripts of 100 segments, as fast as it goes');
console.table(history);
console.log(`Reads at ${sizes.join(', ')} meetings of one user: pages of Postgres, median wait, growth of pages`);
const arrows = (values: number[]) => values.join(' → ');
console.table([...growth.values()].map((row) => ({ ...row, pages: arrows(row.pages), p50_ms: arrows(row.p50_ms) })));

const failed = [...overhead, ...history].reduce((sum, row) => sum + row.failed, 0);
const lost = fanOut.reduce((sum, row) => sum + row.lost, 0);
const cost = Math.max(...overhead.map(({ cpu_ms_per_request }) => cpu_ms_per_request));
writeProof('bench-retailer', { quick, sizes, overhead, fan_out: fanOut, history, growth: [...growth.values()] }, [
  {
    promise: `a live read costs less than ${allowedCpuMs} ms of CPU`,
    measured: `${cost} ms`,
    kept: cost < allowedCpuMs,
  },
  { promise: 'every request is answered 200', measured: `${failed} were not`, kept: failed === 0 },
  { promise: 'every frame arrives at every socket', measured: `${lost} did not`, kept: lost === 0 },
  ...[...growth.values()].map(({ read, ratio }) => ({
    promise: `${read}: at most ×${allowedRatio} pages at ${sizes.at(-1)} meetings`,
    measured: `×${ratio}`,
    kept: ratio <= allowedRatio,
  })),
]);
