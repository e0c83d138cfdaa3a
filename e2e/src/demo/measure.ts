import type { Segment } from '@vexa/shared/contracts/transcript';
import { type WordErrors, wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import type { SeenSegment } from './live-view.ts';

/** One thing that was said: by whom, the reference words, and when (ms since the epoch). */
export interface SpokenTurn {
  speaker: string;
  reference: string;
  startedAt: number;
  endedAt: number;
}

export interface MeetingFigures {
  wer: WordErrors;
  /** Share of transcribed words that stand under the name of the person who was speaking then, 0 to 1. */
  rightNameShare: number;
  wrongNames: Segment[];
  firstTextMs: number[];
  finalTextMs: number[];
}

/** Compares what was said with what was transcribed, speaker by speaker. */
export function measureMeeting(
  turns: SpokenTurn[],
  segments: Segment[],
  seen: ReadonlyMap<string, SeenSegment>,
): MeetingFigures {
  const wrongNames = segments.filter((segment) => !turnOf(segment, turns));
  const allWords = sum(segments.map((segment) => words(segment.text)));
  const wrongWords = sum(wrongNames.map((segment) => words(segment.text)));
  const times = turns.map((turn) => textTimes(turn, turns, [...seen.values()]));
  return {
    wer: errorsBySpeaker(turns, segments),
    rightNameShare: allWords === 0 ? 0 : 1 - wrongWords / allWords,
    wrongNames,
    firstTextMs: times.flatMap((t) => t.first ?? []),
    finalTextMs: times.flatMap((t) => t.final ?? []),
  };
}

/** Sums the word errors of each speaker's whole text, so that a word under a wrong name counts as lost there. */
function errorsBySpeaker(turns: SpokenTurn[], segments: Segment[]): WordErrors {
  const speakers = [...new Set(turns.map((turn) => turn.speaker))];
  const each = speakers.map((speaker) =>
    wordErrorRate(
      joined(turns.filter((turn) => turn.speaker === speaker).map((turn) => turn.reference)),
      joined(segments.filter((segment) => segment.speaker === speaker).map((segment) => segment.text)),
    ),
  );
  const total = (pick: (errors: WordErrors) => number) => sum(each.map(pick));
  const errors = total((e) => e.errors);
  const count = total((e) => e.words);
  return {
    errors,
    words: count,
    wer: errors / count,
    inserted: total((e) => e.inserted),
    deleted: total((e) => e.deleted),
    substituted: total((e) => e.substituted),
  };
}

// A segment's borders come from voice activity and the path adds some delay: allow a second.
const slackMs = 1_000;

/** How long a segment and a turn overlap; negative: how far they are apart. */
function overlapMs(segment: Segment, turn: SpokenTurn): number {
  const start = Date.parse(segment.absolute_start_time ?? '');
  const end = Date.parse(segment.absolute_end_time ?? '');
  return Math.min(end, turn.endedAt) - Math.max(start, turn.startedAt);
}

/** The turn of the segment's own speaker in which it was said, if there is one. */
function turnOf(segment: Segment, turns: SpokenTurn[]): SpokenTurn | undefined {
  const own = turns.filter((turn) => turn.speaker === segment.speaker);
  const [best] = own.sort((a, b) => overlapMs(segment, b) - overlapMs(segment, a));
  return best && overlapMs(segment, best) > -slackMs ? best : undefined;
}

/** True once every turn has text and none of it may still change. */
export const everyTurnIsFinal = (turns: SpokenTurn[], seen: ReadonlyMap<string, SeenSegment>): boolean =>
  turns.every((turn) => textTimes(turn, turns, [...seen.values()]).final !== undefined);

/** First text counts from the turn's first sound, final text from its last. */
function textTimes(turn: SpokenTurn, turns: SpokenTurn[], seen: SeenSegment[]): { first?: number; final?: number } {
  const own = seen.filter(({ segment }) => turnOf(segment, turns) === turn);
  const completed = own.flatMap(({ completedAt }) => completedAt ?? []);
  if (own.length === 0 || completed.length < own.length) return {};
  return {
    first: Math.min(...own.map(({ firstSeenAt }) => firstSeenAt)) - turn.startedAt,
    final: Math.max(...completed) - turn.endedAt,
  };
}

/** The value below which a share `p` of the values lies; NaN for none. */
export function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

const words = (text: string): number => text.split(/\s+/).filter(Boolean).length;
const joined = (texts: string[]): string => texts.join(' ');
const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
