import type { Transcript } from '@vexa/shared/contracts/transcript';
import type { WordErrors } from '@vexa/shared/testing/word-error-rate';
import { percentile } from './measure.ts';
import type { DemoResult } from './run-demo.ts';

interface Promised {
  promise: string;
  held: boolean;
  figure: string;
}

// The room, Opus and streaming may cost at most this much over Whisper alone.
const allowedWerLoss = 0.05;

/** Each promise of the demo with what was measured. */
export function judge(result: DemoResult, alone: WordErrors): Promised[] {
  const { figures, leftovers } = result;
  const seconds = (values: number[], p: number) => `${(percentile(values, p) / 1000).toFixed(1)} s`;
  return [
    {
      promise: 'word error rate within 5 points of Whisper alone',
      held: figures.wer.wer <= alone.wer + allowedWerLoss,
      figure: `${percent(figures.wer.wer)} (Whisper alone ${percent(alone.wer)}, ${figures.wer.words} words)`,
    },
    {
      promise: 'every line under the right name',
      held: figures.rightNameShare === 1,
      figure: percent(figures.rightNameShare),
    },
    {
      promise: 'live text for every turn',
      held: figures.firstTextMs.length > 0 && figures.finalTextMs.length === figures.firstTextMs.length,
      figure: `first text p50/p95 ${seconds(figures.firstTextMs, 0.5)}/${seconds(figures.firstTextMs, 0.95)} after the turn began, final ${seconds(figures.finalTextMs, 0.5)}/${seconds(figures.finalTextMs, 0.95)} after it ended`,
    },
    {
      promise: 'two users, one bot, the same transcript',
      held: result.sharedWithSecondUser,
      figure: result.sharedWithSecondUser ? 'yes' : 'no',
    },
    {
      promise: 'nothing left at the wholesaler',
      held: leftovers.length === 0 && result.wholesalerAnswer === 0,
      figure: leftovers.length === 0 ? 'no text in any table or Redis key' : leftovers.map((l) => l.where).join(', '),
    },
  ];
}

export function printTranscript(transcript: Transcript, out: NodeJS.WriteStream): void {
  for (const { start, speaker, text } of transcript.segments) {
    out.write(`  ${start.toFixed(1).padStart(6)}  ${(speaker ?? 'unknown').padEnd(8)} ${text.trim()}\n`);
  }
}

export function printVerdict(promises: Promised[], out: NodeJS.WriteStream): void {
  for (const { promise, held, figure } of promises) {
    out.write(`  ${held ? '✓' : '✗'} ${promise.padEnd(50)} ${figure}\n`);
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
