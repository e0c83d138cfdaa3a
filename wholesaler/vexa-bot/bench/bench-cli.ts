import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@vexa/shared/local/redis';
import { benchOptions } from '@vexa/shared/testing/bench-options';
import { writeProof } from '@vexa/shared/testing/proof';
import { type BotWorld, startBotWorld } from '../test/support/bot-world.ts';
import { type BenchMeeting, type Plan, startMeeting } from './meeting.ts';
import { cpuSecondsOf, type Memory, memoryOf } from './process-cost.ts';

const { quick } = benchOptions('What a bot costs: real bots in real rooms, their processor time and memory.');
const scenarios: Scenario[] = quick
  ? [{ bots: 1, speakers: 3, inTurns: false }]
  : [
      { bots: 1, speakers: 0, inTurns: false },
      { bots: 1, speakers: 1, inTurns: false },
      { bots: 1, speakers: 3, inTurns: true },
      { bots: 1, speakers: 3, inTurns: false },
      { bots: 1, speakers: 8, inTurns: false },
      { bots: 8, speakers: 1, inTurns: false },
    ];
const settleMs = quick ? 5_000 : 10_000;
const windowMs = quick ? 10_000 : 30_000;
const memorySamples = 5;
/** What a bot with three speakers may cost. */
const budget = { speakers: 3, cpuPercent: 12, memoryMib: 200 };
/** Of the audio of a window; a machine with much else to do hands it over later. */
const leastHeard = 0.9;

interface Scenario extends Plan {
  bots: number;
}

interface Cost {
  bots: number;
  speakers: number;
  talk: 'in turns' | 'all at once';
  /** Of one core, the mean of the bots. */
  cpu_percent: number;
  /** The mean of the bots, program code divided among those that run. */
  memory_mib: number;
  /** Of that, what is the bot's alone: all but program code. */
  own_memory_mib: number;
  start_ms: number;
  /** Audio that arrived at the transcription service against the time it was spoken in; the worst of all speakers. */
  heard: number;
}

// A bench that is cut short takes its bots along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await using redis = await startRedis();
await using world = await startBotWorld(redis.url);
const costs: Cost[] = [];
for (const scenario of scenarios) {
  const cost = await measure(world, scenario);
  costs.push(cost);
  console.log(JSON.stringify(cost));
}
console.log('What a bot costs: % of one core, and MiB (PSS), of the bot and its browser');
console.table(costs);

const busy = costs.filter(({ speakers }) => speakers === budget.speakers);
const together = costs.filter(({ bots }) => bots > 1);
const promises = [
  ...busy.map(({ cpu_percent, talk }) => ({
    promise: `${budget.speakers} speakers, ${talk}: at most ${budget.cpuPercent} % of a core`,
    measured: cpu_percent,
    kept: cpu_percent <= budget.cpuPercent,
  })),
  // A bot that runs alone is charged with all the code that many would share.
  ...busy.map(({ own_memory_mib, talk }) => ({
    promise: `${budget.speakers} speakers, ${talk}: at most ${budget.memoryMib} MiB beside program code`,
    measured: own_memory_mib,
    kept: own_memory_mib <= budget.memoryMib,
  })),
  ...together.map(({ bots, memory_mib }) => ({
    promise: `${bots} at once: at most ${budget.memoryMib} MiB each`,
    measured: memory_mib,
    kept: memory_mib <= budget.memoryMib,
  })),
  ...costs
    .filter(({ speakers }) => speakers > 0)
    .map(({ bots, speakers, talk, heard }) => ({
      promise: `${bots} with ${speakers} speakers, ${talk}: everybody is heard all the time`,
      measured: heard,
      kept: heard >= leastHeard,
    })),
];
writeProof('bench-vexa-bot', { window_ms: windowMs, costs }, promises);

async function measure(world: BotWorld, { bots, ...plan }: Scenario): Promise<Cost> {
  await using stack = new AsyncDisposableStack();
  const meetings: BenchMeeting[] = [];
  for (let n = 0; n < bots; n += 1) meetings.push(stack.use(await startMeeting(world, { ...plan, env: process.env })));
  await sleep(settleMs);
  const before = meetings.map(({ pid, heardSeconds }) => ({ cpu: cpuSecondsOf(pid), heard: heardSeconds() }));
  const from = performance.now();
  const memory: Memory[] = [];
  for (let n = 0; n < memorySamples; n += 1) {
    await sleep(windowMs / memorySamples);
    memory.push(...meetings.map(({ pid }) => memoryOf(pid)));
  }
  const seconds = (performance.now() - from) / 1_000;
  const spent = meetings.map(({ pid }, n) => cpuSecondsOf(pid) - (before[n]?.cpu ?? 0));
  const shares = meetings.flatMap(({ heardSeconds }, n) =>
    heardSeconds().map((now, speaker) => (now - (before[n]?.heard[speaker] ?? 0)) / seconds),
  );
  return {
    bots,
    speakers: plan.speakers,
    talk: plan.inTurns ? 'in turns' : 'all at once',
    cpu_percent: rounded((mean(spent) / seconds) * 100),
    memory_mib: rounded(mean(memory.map(({ totalMib }) => totalMib))),
    own_memory_mib: rounded(mean(memory.map(({ ownMib }) => ownMib))),
    start_ms: Math.round(mean(meetings.map(({ startMs }) => startMs))),
    heard: rounded(Math.min(1, ...shares)),
  };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
