import { benchOptions } from '@vexa/shared/testing/bench-options';
import { writeProof } from '@vexa/shared/testing/proof';
import { fillMeetings, listReads, measureReads } from './meetings.ts';
import { startBenchStack } from './stack.ts';

const { quick } = benchOptions('Lists of meetings at 1,000 and 1,000,000 rows, and a burst of starts.');
const sizes = quick ? [1_000, 50_000] : [1_000, 1_000_000];
const times = quick ? 100 : 300;
const slowTimes = 20;
const burst = { requests: 500, limit: 50 };
/** A page out of the largest list may cost that much more: its 50 rows are not beside each other as in a list of 1,000. */
const allowedRatio = 3;
/** What is searched for shares parts of three letters with more and more meetings, which are looked at to be refused. */
const allowedSearchRatio = 10;
const allowedFor = (read: string): number => (read === 'search, a few hits' ? allowedSearchRatio : allowedRatio);
/** Those who skip by number pay for what they skip. */
const isFlat = (read: string): boolean => !read.startsWith('offset');

await using stack = await startBenchStack(burst);
const rounded = (value: number): number => Number(value.toPrecision(3));

interface Row {
  read: string;
  p50_ms: number[];
  p95_ms: number[];
  pages: number[];
  /** Of pages, the largest list against the smallest. */
  ratio: number;
}
const rows = new Map<string, Row>();
for (const size of sizes) {
  await fillMeetings(stack, size);
  const reads = Object.entries(await listReads(stack.sql, size));
  // What the filling cost is counted late, and the first reads plan and cache.
  for (const [, path] of reads) await measureReads(stack, path, 5);
  for (const [read, path] of reads) {
    const { p50Ms, p95Ms, pages } = await measureReads(stack, path, isFlat(read) ? times : slowTimes);
    const row = rows.get(read) ?? { read, p50_ms: [], p95_ms: [], pages: [], ratio: 1 };
    row.p50_ms.push(rounded(p50Ms));
    row.p95_ms.push(rounded(p95Ms));
    row.pages.push(rounded(pages));
    row.ratio = rounded(pages / (row.pages[0] ?? pages));
    rows.set(read, row);
  }
}
console.log(`Reads of a list of meetings at ${sizes.join(' and ')} rows: pages of Postgres, growth, median in ms`);
const cells = ({ read, pages, ratio, p50_ms }: Row) => ({
  read,
  pages: pages.join(' → '),
  ratio,
  p50: p50_ms.join(' → '),
});
console.table([...rows.values()].map(cells));

const startedAt = performance.now();
const statuses = await Promise.all(
  Array.from({ length: burst.requests }, (_, n) =>
    stack.statusOf('POST', '/bots', { platform: 'local', native_meeting_id: `burst-${n}` }),
  ),
);
const seconds = (performance.now() - startedAt) / 1_000;
const count = (status: number): number => statuses.filter((each) => each === status).length;
const burstFigures = {
  ...burst,
  started: count(201),
  refused: count(429),
  seconds: rounded(seconds),
  requests_per_second: Math.round(burst.requests / seconds),
};
console.log('POST /bots all at once, by one user');
console.table(burstFigures);

const promises = [
  ...[...rows.values()]
    .filter(({ read }) => isFlat(read))
    .map(({ read, ratio }) => ({
      promise: `${read}: at most ×${allowedFor(read)}`,
      measured: ratio,
      kept: ratio <= allowedFor(read),
    })),
  {
    promise: 'exactly as many bots as allowed',
    measured: burstFigures.started,
    kept: burstFigures.started === burst.limit && burstFigures.refused === burst.requests - burst.limit,
  },
];
writeProof('bench-bot-manager', { sizes, reads: [...rows.values()], burst: burstFigures }, promises);
