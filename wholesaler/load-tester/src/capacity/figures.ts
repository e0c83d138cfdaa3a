import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** What benchmarks of this project measured; seconds of CPU are of one core. */
export interface Figures {
  /** CPU seconds of whisperlive for a second of one person's talk, its short pauses included. */
  cpuPerTalkSecond: number;
  model: string;
  /** One bot in a meeting, its browser included. */
  botCores: number;
  botGiB: number;
  /** A message of whisperlive, from the stream until it is read and stored. */
  collectorCpuPerMessage: number;
  /** Final segments that reach Postgres, with all that stands before it on one machine. */
  finalsPerSecond: number;
  gatewayCpuPerRequest: number;
  /** One frame to one live socket. */
  cpuPerFrame: number;
  /** Requests for bots that one bot-manager answered. */
  startsPerSecond: number;
  /** To read one meeting of many. */
  secondsPerMeetingRow: number;
}

const Whisperlive = z.object({
  'live base': z.object({
    runs: z.array(z.object({ speakers: z.number(), cpuPerAudioSecond: z.number(), server: z.string() })),
  }),
});
const Bot = z.object({
  costs: z.array(z.object({ bots: z.number(), speakers: z.number(), cpu_percent: z.number(), memory_mib: z.number() })),
});
const Collector = z.object({
  ingest: z.array(
    z.object({
      messages: z.number(),
      segments: z.number(),
      cpuSeconds: z.number().nullable(),
      segmentsPerSecond: z.number(),
    }),
  ),
});
const Gateway = z.object({ throughput: z.array(z.object({ body_bytes: z.number(), cpu_ms_per_request: z.number() })) });
const FanOut = z.object({
  figures: z.array(z.object({ frames_per_second: z.number(), cpu_us_per_frame: z.number() })),
});
const BotManager = z.object({
  reads: z.array(z.object({ read: z.string(), p50_ms: z.array(z.number()) })),
  burst: z.object({ requests_per_second: z.number() }),
});

const kept = new URL('figures.json', import.meta.url);

/** Those of the last `takeFigures`: benchmarks are not run before each question. */
export const readFigures = (): Figures => JSON.parse(readFileSync(kept, 'utf8')) as Figures;

/** Keeps what benchmarks wrote into a folder. Throws where a figure is missing. */
export function takeFigures(proofs: URL): void {
  const read = <T>(name: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(JSON.parse(readFileSync(new URL(`${name}.json`, proofs), 'utf8')));
    if (!parsed.success)
      throw new Error(`proof/${name}.json has other figures than expected; measure again: make bench`);
    return parsed.data;
  };
  const figures = figuresFrom({
    whisperlive: read('bench-whisperlive', Whisperlive),
    bot: read('bench-vexa-bot', Bot),
    collector: read('bench-transcription-collector', Collector),
    gateway: read('bench-api-gateway', Gateway),
    fanOut: read('bench-live-fan-out', FanOut),
    botManager: read('bench-bot-manager', BotManager),
  });
  writeFileSync(kept, `${JSON.stringify(figures, null, 2)}\n`);
}

interface Proofs {
  whisperlive: z.infer<typeof Whisperlive>;
  bot: z.infer<typeof Bot>;
  collector: z.infer<typeof Collector>;
  gateway: z.infer<typeof Gateway>;
  fanOut: z.infer<typeof FanOut>;
  botManager: z.infer<typeof BotManager>;
}

/** Of several runs the one most like a busy service: the most speakers, sockets and connections. */
export function figuresFrom({ whisperlive, bot, collector, gateway, fanOut, botManager }: Proofs): Figures {
  const ours = whisperlive['live base'].runs.filter(({ server }) => server === 'ours');
  const live = most(ours, ({ speakers }) => speakers);
  const meeting = most(bot.costs, ({ bots, speakers }) => (speakers === 3 ? 1000 : 0) + bots);
  // Drafts too: the run with the most messages for each segment.
  const drafted = most(collector.ingest, ({ messages, segments, cpuSeconds }) =>
    cpuSeconds === null ? -1 : messages / segments,
  );
  const small = gateway.throughput.filter(({ body_bytes }) => body_bytes <= 2_048);
  const frames = most(fanOut.figures, ({ frames_per_second }) => frames_per_second);
  const page = botManager.reads.find(({ read }) => read === 'first page of 50')?.p50_ms.at(-1) ?? Number.NaN;
  return {
    cpuPerTalkSecond: live.cpuPerAudioSecond,
    model: 'base',
    botCores: meeting.cpu_percent / 100,
    botGiB: meeting.memory_mib / 1024,
    collectorCpuPerMessage: (drafted.cpuSeconds ?? 0) / drafted.messages,
    finalsPerSecond: Math.max(...collector.ingest.map(({ segmentsPerSecond }) => segmentsPerSecond)),
    gatewayCpuPerRequest: Math.max(...small.map(({ cpu_ms_per_request }) => cpu_ms_per_request)) / 1000,
    cpuPerFrame: frames.cpu_us_per_frame / 1e6,
    startsPerSecond: botManager.burst.requests_per_second,
    secondsPerMeetingRow: page / 50 / 1000,
  };
}

function most<T>(items: readonly T[], by: (item: T) => number): T {
  const [first, ...rest] = items;
  if (first === undefined) throw new Error('a benchmark has no runs; measure again: make bench');
  return rest.reduce((best, item) => (by(item) > by(best) ? item : best), first);
}
