import { type Judged as Promised, writeProof } from '@vexa/shared/testing/proof';
import { Command, Option } from 'commander';
import { feedDirectly } from './quality/feed-directly.ts';
import { startHearingNetwork } from './quality/hearing-network.ts';
import { holdMeeting } from './quality/hold-meeting.ts';
import { type Judged, judgeOverlaps, type Line } from './quality/judge-names.ts';
import { judgeWay, linesOf, othersThan, type Way } from './quality/judge-way.ts';
import { compareWays, wordErrors } from './quality/judge-words.ts';
import { readSentences, type Turn, takeTurns, talkOver } from './quality/plan-turns.ts';

const voicesOf = {
  local: 'a track each',
  jitsi: 'a track each',
  google_meet: 'three switched tracks',
  teams: 'mixed',
  zoom: 'mixed',
} as const;
type Measured = keyof typeof voicesOf;
const platforms = Object.keys(voicesOf) as Measured[];
const mostLost = 0.02;

const { quick, only, model, lines, ...wanted } = new Command('quality')
  .description('Words on their whole way: people in a room, codec, bot, Whisper, names, transcript.')
  .addOption(new Option('--quick', 'the shipped recordings alone, once').default(false).env('VEXA_BENCH_QUICK'))
  .addOption(new Option('--only <platform...>', 'measure these alone').choices(platforms).default(platforms))
  .option(
    '--rounds <count>',
    'meetings of each platform: other orders, people and pauses (default: 3, quick: 1)',
    Number,
  )
  .option('--model <name>', 'Whisper model', 'tiny.en')
  .option('--lines', 'print the transcripts', false)
  .option('--no-overlaps', 'nobody talks over anybody')
  .parse()
  .opts<{ quick: boolean; only: Measured[]; rounds?: number; model: string; lines: boolean; overlaps: boolean }>();

const sentences = readSentences({ more: !quick });
const plan = Array.from({ length: wanted.rounds ?? (quick ? 1 : 3) }, (_, round) => takeTurns(sentences, round));
const overlaps = talkOver(sentences.slice(0, 8));

await using network = await startHearingNetwork({ WHISPER_MODEL: model });
const count = judgeWay('', plan, []).turns.reduce((sum, { words }) => sum + words, 0);
console.log(`${plan.length} × ${sentences.length} sentences of three people in turns, ${count} words; model ${model}`);
const [direct, mixed] = await Promise.all([feed('fed directly', false), feed('fed directly, mixed', true)]);
tell(direct);
tell(mixed);
const heard: { platform: Measured; way: Way; overlaps: Judged | undefined }[] = [];
for (const platform of only) heard.push({ platform, ...(await measure(platform)) });
report();

async function feed(name: string, isMixed: boolean): Promise<Way> {
  return judgeWay(name, plan, await Promise.all(plan.map((turns) => feedDirectly(network, turns, { isMixed }))));
}

async function measure(platform: Measured): Promise<{ way: Way; overlaps: Judged | undefined }> {
  const transcripts: Line[][] = [];
  for (const turns of plan) transcripts.push(await hold(platform, turns));
  const way = judgeWay(platform, plan, transcripts);
  tell(way);
  return {
    way,
    overlaps: wanted.overlaps ? judgeOverlaps(linesOf(overlaps), await hold(platform, overlaps)) : undefined,
  };
}

async function hold(platform: Measured, turns: Turn[]): Promise<Line[]> {
  const segments = await holdMeeting(network, platform, turns);
  for (const { start, end, speaker, text } of lines ? segments : []) {
    console.log(`  ${start.toFixed(1).padStart(6)}–${end.toFixed(1)} ${speaker ?? '–'}: ${text}`);
  }
  return segments;
}

/** Prints which words were lost, and where something else came of them than when they were fed directly. */
function tell(way: Way): void {
  console.log(`${way.name}: ${percent(wordErrors(way.turns))} word errors`);
  const turns =
    way === direct
      ? way.turns.flatMap(({ errors, marked }) => (errors ? [{ more: errors, marked }] : []))
      : othersThan(way, direct);
  for (const { more, marked } of turns) console.log(`  ${more > 0 ? '+' : ''}${more}  ${marked}`);
}

function report(): void {
  const ways = [
    { way: direct, voices: 'a track each' },
    { way: mixed, voices: 'mixed' },
    ...heard.map((one) => ({ ...one, voices: voicesOf[one.platform] })),
  ];
  console.table(
    Object.fromEntries(
      ways.map(({ way, voices, ...rest }) => [
        way.name,
        {
          voices,
          'word errors': percent(wordErrors(way.turns)),
          'in each round': way.rounds.map(percent).join(', '),
          'more than directly': points(way),
          'right names': way === mixed ? '' : percent(way.rightNames),
          'right names, talking over each other':
            'overlaps' in rest && rest.overlaps ? percent(rest.overlaps.rightNames) : '',
        },
      ]),
    ),
  );
  const promises: Promised[] = heard.flatMap(({ platform, way }) => {
    const least = voicesOf[platform] === 'a track each' ? 0.98 : 0.9;
    return [
      {
        promise: `${platform}: word errors within 2 points of the same recordings fed directly`,
        measured: points(way),
        kept: compareWays(way.turns, direct.turns).more <= mostLost,
      },
      {
        promise: `${platform}: at least ${percent(least)} of the words under the right name, in turns`,
        measured: percent(way.rightNames),
        kept: way.rightNames >= least,
      },
    ];
  });
  writeProof('quality-hearing', { model, rounds: plan.length, words: count, direct, mixed, heard }, promises);
}

function points(way: Way): string {
  const { more, give } = compareWays(way.turns, direct.turns);
  return `${(more * 100).toFixed(1)} ± ${(give * 100).toFixed(1)} points`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
