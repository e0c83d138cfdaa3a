import { text } from 'node:stream/consumers';
import { Transcript } from '@vexa/shared/contracts/transcript';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { Command } from 'commander';
import { readClips } from './demo/voices.ts';

const program = new Command('heard-cli')
  .description('Compares a transcript on standard input with what was spoken; ends with 1 when it differs too much.')
  .requiredOption('--speaker <name>', 'under whom every line must stand')
  .argument('<wav...>', 'the shipped recordings that were spoken, in their order')
  .parse();
const { speaker } = program.opts<{ speaker: string }>();

/** Whisper alone hears about one word in a hundred of these wrong; a codec and a short clip add to it. */
const mostErrors = 0.1;

const clips = await readClips();
const reference = program.args.map(
  (wav) => clips.get(wav)?.reference ?? program.error(`There is no recording ${wav}.`),
);
const { segments, source, status } = Transcript.parse(JSON.parse(await text(process.stdin)));
const { wer, words } = wordErrorRate(reference.join(' '), segments.map((segment) => segment.text).join(' '));
const strangers = segments.filter((segment) => segment.speaker !== speaker);
for (const segment of segments) console.log(`  ${segment.speaker}: ${segment.text.trim()}`);
console.log(
  `  ${status}, from ${source}: ${(wer * 100).toFixed(1)} % of ${words} words wrong, ${strangers.length} lines of others`,
);
process.exitCode = wer <= mostErrors && strangers.length === 0 ? 0 : 1;
