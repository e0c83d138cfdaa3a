import type { Capacity, Size } from './capacity.ts';
import type { Figures } from './figures.ts';
import type { Prices } from './price.ts';
import type { Settings, Workload } from './workload.ts';

interface Inputs {
  figures: Figures;
  work: Workload;
  settings: Settings;
  prices: Prices;
}

/** Markdown, for `docs/capacity.md`. */
export function printCapacity(capacity: Capacity, inputs: Inputs): string {
  return [
    '### What it takes',
    table(
      ['', ...capacity.sizes.map(({ meetings }) => `${number(meetings)} meetings`)],
      [
        ['people speaking at once', ...each(capacity, ({ demand }) => number(demand.rates.talkers))],
        ...partRows(capacity),
        [
          '**cores, memory in all**',
          ...each(capacity, (size) => `**${number(total(size, 'cores'))}**, ${number(total(size, 'gib'))} GiB`),
        ],
        ['messages a second through Redis', ...each(capacity, ({ demand }) => number(demand.rates.messages))],
        [
          'rows a second into Postgres',
          ...each(capacity, ({ demand }) => number(demand.rates.finals + demand.rates.heartbeats)),
        ],
        ['audio streams', ...each(capacity, ({ demand }) => number(demand.rates.streams))],
        [
          'sound to whisperlive',
          ...each(capacity, ({ demand }) => `${number((demand.rates.audioBytes * 8) / 1e9)} Gbit/s`),
        ],
        ['transcripts kept', ...each(capacity, ({ demand }) => `${number(demand.storedGiB)} GiB`)],
        ['clusters, as pods start', ...each(capacity, ({ clusters }) => number(clusters))],
        ['wholesalers side by side', ...each(capacity, ({ shards }) => number(shards))],
        [
          'bots asked for at the full hour, one cluster: wait p50, p95',
          ...each(capacity, ({ fullHour }) => `${number(fullHour.waitP50)} s, ${number(fullHour.waitP95)} s`),
        ],
        ['a month, day and night', ...each(capacity, ({ perMonth }) => `$${number(perMonth)}`)],
        ['a meeting for an hour', ...each(capacity, ({ perMeetingHour }) => `$${perMeetingHour.toFixed(3)}`)],
      ],
    ),
    '### What breaks first',
    table(
      ['one wholesaler carries', 'because', 'then'],
      capacity.limits.map(({ name, meetings, why, remedy }) => [`${number(meetings)} meetings: ${name}`, why, remedy]),
    ),
    ...capacity.sizes.map((size) => `- **${number(size.meetings)} meetings**: ${verdict(size, capacity)}`),
    '',
    '### From',
    assumptions(capacity, inputs),
  ].join('\n\n');
}

function verdict({ broken, shards, demand }: Size, { limits }: Capacity): string {
  const busiest = [...demand.parts].sort((a, b) => b.cores - a.cores)[0];
  const dearest = `most of it is ${busiest?.name}`;
  const [first] = broken;
  if (!first)
    return `nothing breaks; ${dearest}. The first would be ${limits[0]?.name}, at ${number(limits[0]?.meetings ?? 0)}.`;
  const others =
    broken.length > 1
      ? `, then ${broken
          .slice(1)
          .map(({ name }) => name)
          .join('; ')}`
      : '';
  return `${first.name} breaks first${others}. Meetings are divided among ${number(shards)} wholesalers by their id; ${dearest}.`;
}

function partRows({ sizes }: Capacity): string[][] {
  const names = sizes[0]?.demand.parts.map(({ name }) => name) ?? [];
  return names.map((name) => [
    name,
    ...sizes.map(({ demand }) => {
      const part = demand.parts.find((each) => each.name === name);
      return part ? `${number(part.instances)} (${number(part.cores)} cores)` : '';
    }),
  ]);
}

function assumptions({ meetingsPerReplica }: Capacity, { figures, work, settings, prices }: Inputs): string {
  return table(
    ['', 'figure', 'from'],
    [
      [
        `a second of talk, model ${figures.model}`,
        `${number(figures.cpuPerTalkSecond)} core seconds`,
        'benchmark of whisperlive',
      ],
      [
        `one whisperlive of ${settings.coresPerReplica} cores`,
        `${meetingsPerReplica} meetings at most`,
        `simulated: p95 of first words ${settings.firstWithin} s, of finals ${settings.finalWithin} s`,
      ],
      [
        'a bot',
        `${number(figures.botCores)} cores, ${number(figures.botGiB)} GiB`,
        'benchmark of the bot, three speakers',
      ],
      [
        'a message to the collector',
        `${number(figures.collectorCpuPerMessage * 1e6)} µs`,
        'benchmark of the collector',
      ],
      ['finals into Postgres', `${number(figures.finalsPerSecond)} a second`, 'the same'],
      ['a request at the gateway', `${number(figures.gatewayCpuPerRequest * 1000)} ms`, 'benchmark of the gateway'],
      ['a frame to a live socket', `${number(figures.cpuPerFrame * 1e6)} µs`, 'benchmark of the gateway, live'],
      ['requests for bots', `${number(figures.startsPerSecond)} a second`, 'benchmark of bot-manager'],
      [
        'Redis',
        `${number(settings.redisCommandsPerSecond)} commands a second, ${settings.redisCommandsPerMessage} for a message`,
        'redis-benchmark, 700 bytes, by CPU time; assumed',
      ],
      [
        'a meeting',
        `${work.participants} people, ${number(work.heardShare * 100)} % of them heard lately, talk ${number(work.talkShare * 100)} % of the time, ${work.readers} live readers, ${work.requestsPerMinute} requests a minute`,
        'assumed',
      ],
      [
        'the full hour',
        `${number(work.fullHourShare * 100)} % of the meetings begin within ±${work.fullHourSpreadSeconds} s (standard deviation)`,
        'assumed',
      ],
      ['planned load', `${number(settings.headroom * 100)} %`, 'assumed'],
      [
        'prices',
        `$${prices.coreHour} a core and hour, $${prices.gibHour} a GiB and hour, $${prices.storedGibMonth} a stored GiB and month`,
        'examples: give yours',
      ],
    ],
  );
}

const each = ({ sizes }: Capacity, cell: (size: Size) => string): string[] => sizes.map(cell);

const total = ({ demand }: Size, what: 'cores' | 'gib'): number =>
  demand.parts.reduce((sum, part) => sum + part[what], 0);

const table = ([first = '', ...rest]: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row([first, ...rest]), row(Array(rest.length + 1).fill('---')), ...rows.map(row)].join('\n');

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Two or three digits that count. */
function number(value: number): string {
  const rounded = value >= 100 ? Math.round(value) : Number(value.toPrecision(2));
  return rounded.toLocaleString('en-US');
}
