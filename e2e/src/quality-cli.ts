import type { Platform } from '@vexa/shared/contracts/platform';
import type { Segment } from '@vexa/shared/contracts/transcript';
import { type Judged as Promised, writeProof } from '@vexa/shared/testing/proof';
import { Command, Option } from 'commander';
import { feedDirectly } from './quality/feed-directly.ts';
import { type HearingNetwork, startHearingNetwork } from './quality/hearing-network.ts';
import { holdMeeting } from './quality/hold-meeting.ts';
import { type Judged, judgeOverlaps, judgeTurns, type Line } from './quality/judge-names.ts';
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

const { quick, only, model, lines } = new Command('quality')
  .description('Words on their whole way: people in a room, codec, bot, Whisper, names, transcript.')
  .addOption(new Option('--quick', 'the shipped recordings alone').default(false).env('VEXA_BENCH_QUICK'))
  .addOption(new Option('--only <platform...>', 'measure these alone').choices(platforms))
  .option('--model <name>', 'Whisper model', 'tiny.en')
  .option('--lines', 'print the transcripts', false)
  .parse()
  .opts<{ quick: boolean; only?: Measured[]; model: string; lines: boolean }>();

const sentences = readSentences({ more: !quick });
const turns = takeTurns(sentences);
const overlaps = talkOver(sentences.slice(0, 8));
const said = (some: readonly Turn[]): Line[] => some.map(({ speaker, voice }) => ({ speaker, text: voice.reference }));

await using network = await startHearingNetwork({ WHISPER_MODEL: model });
console.log(
  `${turns.length} sentences of three people in turns, then ${overlaps.length} into each other; model ${model}`,
);
const direct = judgeTurns(said(turns), await feedDirectly(network, turns));
console.log(`fed directly: ${percent(direct.wer)} word errors`);
const heard: { platform: Measured; turns: Judged; overlaps: Judged; cuts: number }[] = [];
for (const platform of only ?? platforms) heard.push({ platform, ...(await measure(network, platform)) });
report();

async function measure(on: HearingNetwork, platform: Platform & Measured) {
  const inTurns = await holdMeeting(on, platform, turns);
  if (lines) print(inTurns);
  const over = await holdMeeting(on, platform, overlaps);
  if (lines) print(over);
  const cuts = inTurns.filter(({ segment_id }) => segment_id.includes('.')).length;
  const judged = { turns: judgeTurns(said(turns), inTurns), overlaps: judgeOverlaps(said(overlaps), over), cuts };
  console.log(`${platform}: ${percent(judged.turns.wer)} word errors, right names ${percent(judged.turns.rightNames)}`);
  return judged;
}

function report(): void {
  console.table(
    Object.fromEntries(
      heard.map(({ platform, turns: own, overlaps: over, cuts }) => [
        platform,
        {
          voices: voicesOf[platform],
          'word errors': percent(own.wer),
          'right names': percent(own.rightNames),
          'words named': own.named,
          'segments cut': cuts,
          'right names, talking over each other': percent(over.rightNames),
        },
      ]),
    ),
  );
  const promises: Promised[] = heard.flatMap(({ platform, turns: own }) => {
    const least = voicesOf[platform] === 'a track each' ? 0.98 : 0.9;
    return [
      {
        promise: `${platform}: word errors within 2 points of the same recordings fed directly`,
        measured: `${percent(own.wer)} against ${percent(direct.wer)}`,
        kept: own.wer <= direct.wer + 0.02,
      },
      {
        promise: `${platform}: at least ${percent(least)} of the words under the right name, in turns`,
        measured: percent(own.rightNames),
        kept: own.rightNames >= least,
      },
    ];
  });
  writeProof('quality-hearing', { model, sentences: turns.length, direct, heard }, promises);
}

function print(segments: readonly Segment[]): void {
  for (const { start, end, speaker, text } of segments) {
    console.log(`  ${start.toFixed(1).padStart(6)}–${end.toFixed(1)} ${speaker ?? '–'}: ${text}`);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
