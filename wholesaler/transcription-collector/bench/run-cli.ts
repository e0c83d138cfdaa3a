import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { benchIngest, type IngestFigures } from './ingest.ts';
import { benchReads } from './reads.ts';
import { startBenchStack } from './stack.ts';

const program = new Command('npm run bench -w wholesaler/transcription-collector --')
  .description('How fast the collector stores segments and answers for transcripts, and how that grows.')
  .addOption(new Option('--quick', 'a tenth of the load').default(false).env('VEXA_BENCH_QUICK'))
  .option('--reads', 'reads only')
  .parse();
const { quick, reads: readsOnly } = program.opts<{ quick?: boolean; reads?: boolean }>();

const load = { meetings: 40, sessionsPerMeeting: 4, segmentsPerSession: quick ? 25 : 250, drafts: 0 };
const sizes = quick ? [100, 10_000, 100_000] : [100, 10_000, 1_000_000];

await using stack = await startBenchStack();
const ingest: IngestFigures[] = [];
const runs = [
  { load, collectors: 1, kill: false },
  {
    load: { ...load, drafts: 2, segmentsPerSession: Math.ceil(load.segmentsPerSession / 2) },
    collectors: 1,
    kill: false,
  },
  { load, collectors: 3, kill: false },
  { load, collectors: 3, kill: true },
];
for (const run of readsOnly ? [] : runs) {
  ingest.push(await benchIngest(stack, run));
  console.table(ingest.map(rounded));
}
const reads = await benchReads(stack, sizes);
const smallest = reads[0];
const growth = reads.map((row) => ({
  ...row,
  transcriptRatio: row.transcriptMs / (smallest?.transcriptMs ?? 1),
  sinceRatio: row.sinceMs / (smallest?.sinceMs ?? 1),
  searchRatio: row.searchMs / (smallest?.searchMs ?? 1),
}));
console.table(growth.map(rounded));

const proof = fileURLToPath(new URL('../../../proof/', import.meta.url));
mkdirSync(proof, { recursive: true });
const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
writeFileSync(
  `${proof}bench-transcription-collector.json`,
  `${JSON.stringify({ machine, commit, quick: quick === true, load: loadavg()[0], ingest, reads: growth }, null, 2)}\n`,
);

const broken = ingest.filter(({ lost, doubled, wrong }) => lost + doubled + wrong > 0);
if (broken.length > 0) console.error('Segments were lost, doubled or stored wrongly.');
process.exitCode = broken.length > 0 ? 1 : 0;

function rounded(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'number' ? Math.round(value * 100) / 100 : value,
    ]),
  );
}
