import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { benchOptions } from '@vexa/shared/testing/bench-options';
import { asFastAsPossible, fixedRate, type Load, percentile, type Target } from '@vexa/shared/testing/load';
import { watchOtherLoad } from './other-load.ts';
import { goFirst } from './priority.ts';
import { startBenchStack } from './stack.ts';

const ratePerSecond = 1_000;
const { quick } = benchOptions('What the gateway adds to a request, at fixed rates and as fast as it goes.');
const seconds = quick ? 2 : 4;
const rounds = quick ? 3 : 5;
const aimMs = 1;
/** Beyond that a figure says more of the machine than of the gateway, and is shown but not judged. */
const quietCores = 0.5;

const rounded = (value: number): number => Number(value.toPrecision(4));
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const priority = goFirst();
await using stack = await startBenchStack({ PATH: process.env.PATH, HOME: process.env.HOME });
const path = (bytes: number) => `/transcripts/local/size-${bytes}`;
const direct = (bytes: number): Target => ({ url: stack.serviceUrl, path: path(bytes), headers: {} });
const through = (bytes: number): Target => ({
  url: stack.gatewayUrl,
  path: path(bytes),
  headers: { 'x-api-key': stack.key },
});

async function measured(work: () => Promise<Load>) {
  const before = await stack.gatewayCost();
  const load = await work();
  const { cpuSeconds, memoryBytes } = await stack.gatewayCost();
  const cpuMs = ((cpuSeconds - before.cpuSeconds) * 1_000) / load.requests;
  return { load, cpu_ms_per_request: rounded(cpuMs), memory_mb: Math.round(memoryBytes / 1024 / 1024) };
}

/** Of the gateway and of this process, which makes the requests; the stand-in's tenth of a core counts as another's. */
async function ownCpuSeconds(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return (await stack.gatewayCost()).cpuSeconds + (user + system) / 1e6;
}

/** In turns, so that whatever else the machine does meets both alike; the middle round counts. */
async function overheadAt(rate: number) {
  const pairs: { plain: Load; proxied: Awaited<ReturnType<typeof measured>>; otherCores: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const plain = await fixedRate(direct(1_024), rate, seconds);
    const otherLoad = watchOtherLoad();
    const ownBefore = await ownCpuSeconds();
    const proxied = await measured(() => fixedRate(through(1_024), rate, seconds));
    pairs.push({ plain, proxied, otherCores: otherLoad((await ownCpuSeconds()) - ownBefore) });
  }
  const middle = (figure: (pair: (typeof pairs)[number]) => number) => rounded(median(pairs.map(figure)));
  const added = (share: number) => middle((p) => percentile(p.proxied.load, share) - percentile(p.plain, share));
  return {
    rate_per_second: rate,
    direct_p50_ms: middle((pair) => percentile(pair.plain, 0.5)),
    direct_p99_ms: middle((pair) => percentile(pair.plain, 0.99)),
    gateway_p50_ms: middle((pair) => percentile(pair.proxied.load, 0.5)),
    gateway_p99_ms: middle((pair) => percentile(pair.proxied.load, 0.99)),
    added_p50_ms: added(0.5),
    added_p99_ms: added(0.99),
    cpu_ms_per_request: middle((pair) => pair.proxied.cpu_ms_per_request),
    other_cores: middle((pair) => pair.otherCores),
    failed: pairs.reduce((sum, { plain, proxied }) => sum + plain.failed + proxied.load.failed, 0),
  };
}

async function throughputAt(connections: number, bytes: number) {
  const plain = await asFastAsPossible(direct(bytes), connections, seconds);
  const { load, ...cost } = await measured(() => asFastAsPossible(through(bytes), connections, seconds));
  return {
    connections,
    body_bytes: bytes,
    direct_per_second: Math.round(plain.requests / plain.seconds),
    gateway_per_second: Math.round(load.requests / load.seconds),
    gateway_mb_per_second: rounded((load.requests * bytes) / load.seconds / 1e6),
    direct_p50_ms: rounded(percentile(plain, 0.5)),
    gateway_p50_ms: rounded(percentile(load, 0.5)),
    gateway_p99_ms: rounded(percentile(load, 0.99)),
    ...cost,
    failed: plain.failed + load.failed,
  };
}

await asFastAsPossible(through(1_024), 20, 3); // warm: compiled code, open connections, the key in the cache
const overhead = [];
for (const rate of quick ? [ratePerSecond] : [100, 300, ratePerSecond]) overhead.push(await overheadAt(rate));
const throughput = [];
for (const connections of quick ? [10] : [1, 10, 100]) throughput.push(await throughputAt(connections, 1_024));
for (const bytes of quick ? [100_000] : [100_000, 10_000_000]) throughput.push(await throughputAt(4, bytes));

console.log('Added by the gateway at a fixed rate (key, scope, rate limit, signed identity, trace, log, metrics)');
console.table(overhead);
console.log('As fast as it goes');
console.table(throughput);
const last = overhead.at(-1);
const cost = last?.cpu_ms_per_request ?? Number.NaN;
const quiet = (last?.other_cores ?? Number.NaN) < quietCores;
const aside = quiet ? '' : `; not judged, because other programs kept ${last?.other_cores} cores busy`;
const failed = [...overhead, ...throughput].reduce((sum, row) => sum + row.failed, 0);
const promises = [
  {
    promise: `adds less than ${aimMs} ms at the median at ${ratePerSecond} requests/s`,
    measured: `${last?.added_p50_ms} ms${aside}`,
    kept: !quiet || (last?.added_p50_ms ?? Number.NaN) < aimMs,
  },
  {
    promise: `${ratePerSecond} requests/s need less than one core`,
    measured: `${cost} ms of CPU each${aside}`,
    kept: !quiet || cost * ratePerSecond < 1_000,
  },
  { promise: 'every request is answered 200', measured: `${failed} were not`, kept: failed === 0 },
];
console.table(promises);

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  load: loadavg()[0],
  priority,
  node: process.version,
  commit: git('rev-parse', '--short', 'HEAD'),
};
const proof = new URL('../../../proof/', import.meta.url);
mkdirSync(proof, { recursive: true });
const file = new URL('bench-api-gateway.json', proof);
writeFileSync(file, `${JSON.stringify({ machine, overhead, throughput, promises }, null, 2)}\n`);
if (promises.some(({ kept }) => !kept)) process.exitCode = 1;
