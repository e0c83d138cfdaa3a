import { expect, test } from 'vitest';
import { capacityOf } from './capacity.ts';
import { type Figures, figuresFrom, readFigures } from './figures.ts';
import { limitsOf, shardsFor } from './limits.ts';
import { examplePrices, pricePerHour } from './price.ts';
import { printCapacity } from './print-capacity.ts';
import { simulateFullHour } from './simulate-full-hour.ts';
import { meetingsPerReplica, simulateReplica } from './simulate-replica.ts';
import { ratesOf, usualSettings as settings, usualWorkload as work } from './workload.ts';

const figures: Figures = {
  cpuPerTalkSecond: 0.25,
  model: 'base',
  botCores: 0.1,
  botGiB: 0.2,
  collectorCpuPerMessage: 55e-6,
  finalsPerSecond: 3_000,
  gatewayCpuPerRequest: 0.0005,
  cpuPerFrame: 25e-6,
  startsPerSecond: 80,
  secondsPerMeetingRow: 1e-4,
};
const inputs = { figures, work, settings, prices: examplePrices };
const delays = { firstWithin: 2, finalWithin: 1.5 };

test('figures are taken from the run of each benchmark that is most like a busy service', () => {
  const live = (speakers: number, cpuPerAudioSecond: number, server = 'ours') => ({
    speakers,
    cpuPerAudioSecond,
    server,
  });
  const bot = (speakers: number, cpu_percent: number) => ({ bots: 1, speakers, cpu_percent, memory_mib: 256 });
  const ingest = { segments: 100, segmentsPerSecond: 50 };
  const taken = figuresFrom({
    whisperlive: { 'live base': { runs: [live(1, 0.4), live(6, 0.25), live(8, 2, 'theirs')] } },
    bot: { costs: [bot(1, 5), bot(3, 10), bot(8, 20)] },
    collector: {
      ingest: [
        { ...ingest, messages: 100, cpuSeconds: 1 },
        { ...ingest, messages: 300, cpuSeconds: 1.5 },
        { segments: 100, segmentsPerSecond: 90, messages: 900, cpuSeconds: null },
      ],
    },
    gateway: {
      throughput: [
        { body_bytes: 1_024, cpu_ms_per_request: 0.5 },
        { body_bytes: 1e7, cpu_ms_per_request: 30 },
      ],
    },
    fanOut: {
      figures: [10, 1_000].map((frames_per_second) => ({
        frames_per_second,
        cpu_us_per_frame: 25_000 / frames_per_second,
      })),
    },
    botManager: { reads: [{ read: 'first page of 50', p50_ms: [3, 5] }], burst: { requests_per_second: 80 } },
  });
  expect(taken).toMatchObject({ cpuPerTalkSecond: 0.25, botCores: 0.1, botGiB: 0.25, collectorCpuPerMessage: 0.005 });
  expect(taken).toMatchObject({ finalsPerSecond: 90, gatewayCpuPerRequest: 0.0005, startsPerSecond: 80 });
  expect(taken.cpuPerFrame).toBeCloseTo(25e-6);
  expect(taken.secondsPerMeetingRow).toBeCloseTo(1e-4);
  expect(Object.keys(readFigures()).sort()).toEqual(Object.keys(taken).sort());
});

test('what happens in a second grows with meetings and with how much they talk', () => {
  const [one, ten] = [ratesOf(1, work, settings), ratesOf(10, work, settings)];
  for (const name of Object.keys(one) as (keyof typeof one)[]) expect(ten[name], name).toBeCloseTo(10 * one[name]);
  // An utterance of 4 s and its pause of 0.8 s, in nine tenths of the time: a final, and four drafts.
  expect(one.finals).toBeCloseTo(0.9 / 4.8);
  expect(one.messages).toBeCloseTo((5 * 0.9) / 4.8);
  expect(one.audioBytes).toBeCloseTo(4 * 0.6 * 64_000);
});

test('a simulated replica of two cores is as late as the measured one, with four and with six people who talk on', () => {
  const talkOn = { ...work, talkShare: 1, utteranceSeconds: 4.5, pauseSeconds: 1 };
  const late = (meetings: number) =>
    simulateReplica({ meetings, cores: 2, cpuPerTalkSecond: 0.249, work: talkOn, seconds: 2_000 });
  const [four, six] = [late(4), late(6)];
  expect(four.finalP95 / 1.32).toBeCloseTo(1, 0.7);
  expect(six.finalP95 / 1.54).toBeCloseTo(1, 0.7);
  expect((0.8 + six.draftP95) / 1.8).toBeCloseTo(1, 0.7);
  expect(six.busyShare).toBeLessThanOrEqual(1);
});

test('a replica carries more meetings with more cores, a lighter model or later text', () => {
  const base = { cores: 2, cpuPerTalkSecond: 0.25, work };
  const carried = meetingsPerReplica(base, delays);
  expect(carried).toBeGreaterThan(3);
  expect(meetingsPerReplica({ ...base, cores: 8 }, delays)).toBeGreaterThan(3.5 * carried);
  expect(meetingsPerReplica({ ...base, cpuPerTalkSecond: 0.1 }, delays)).toBeGreaterThan(1.5 * carried);
  expect(meetingsPerReplica(base, { firstWithin: 1.5, finalWithin: 1.1 })).toBeLessThan(carried);
});

test('at the full hour bots wait for the slowest station, and only when it is too slow', () => {
  const stations = [
    { name: 'quick', perSecond: 100 },
    { name: 'slow', perSecond: 20 },
  ];
  const calm = simulateFullHour(500, { spreadSeconds: 60, stations });
  expect(calm.waitP95).toBeLessThan(2);
  // 12,000 at 20 a second take ten minutes, and come within four.
  const rush = simulateFullHour(12_000, { spreadSeconds: 60, stations });
  expect(rush).toMatchObject({ starts: 12_000, slowest: 'slow' });
  expect(rush.waitP95).toBeGreaterThan(250);
  expect(rush.waitP95).toBeLessThan(600);
});

test('what breaks first is what the fewest meetings fill; wholesalers are divided until each carries its part', () => {
  const limits = limitsOf(inputs);
  expect(limits.map(({ meetings }) => meetings)).toEqual(limits.map(({ meetings }) => meetings).sort((a, b) => a - b));
  const weak = limitsOf({ ...inputs, figures: { ...figures, finalsPerSecond: 10 } });
  expect(weak[0]).toMatchObject({ name: 'Postgres writes', sharded: true });
  expect(shardsFor(1, limits)).toBe(1);
  const least = Math.min(...limits.filter(({ sharded }) => sharded).map(({ meetings }) => meetings));
  expect(shardsFor(10 * least, limits)).toBe(10);
});

test('prices are those of cores and memory, and are told for each size', () => {
  expect(pricePerHour({ cores: 10, gib: 100 }, { coreHour: 0.03, gibHour: 0.004, storedGibMonth: 0 })).toBeCloseTo(0.7);
  const capacity = capacityOf([10, 1_000, 100_000], inputs);
  const [small, middle, large] = capacity.sizes;
  expect(small?.broken).toEqual([]);
  expect(large?.broken.length).toBeGreaterThan(0);
  expect(large?.shards).toBeGreaterThan(middle?.shards ?? 0);
  // What two of everything cost is shared by few.
  expect(small?.perMeetingHour).toBeGreaterThan(middle?.perMeetingHour ?? 0);
  const text = printCapacity(capacity, inputs);
  expect(text).toContain('| 10 meetings | 1,000 meetings | 100,000 meetings |');
  expect(text).toContain(`${capacity.limits[0]?.name}`);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});
