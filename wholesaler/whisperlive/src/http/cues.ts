import type { SpokenWord } from '@vexa/shared/contracts/stream-messages';

/** What is shown at once: at most two lines of 42 characters for 7 s, as broadcasters agree that people can read. */
export interface SubtitleCue {
  start: number;
  end: number;
  lines: string[];
}

interface Utterance {
  start: number;
  end: number;
  text: string;
  words: readonly SpokenWord[];
}

const maxLineCharacters = 42;
const maxSeconds = 7;
/** A cue of one short word stays at least so long, where the next one leaves room. */
const minSeconds = 1;
/** How much a cut after the end of a sentence, after a clause, or in a silence of a second is worth against cutting in the middle. */
const sentenceWorth = 0.6;
const clauseWorth = 0.3;
const pauseWorth = 0.4;

/** Utterances as cues of readable size, cut where sentences, clauses or pauses end. */
export function cuesOf(utterances: readonly Utterance[]): SubtitleCue[] {
  const cues = utterances.flatMap((utterance) => split(wordsOf(utterance)));
  for (const [i, cue] of cues.entries()) {
    const room = cues[i + 1]?.start ?? Number.POSITIVE_INFINITY;
    cue.end = Math.max(cue.end, Math.min(cue.start + minSeconds, room));
  }
  return cues;
}

/** Words no longer than a line; where none were timed, those of the text, their times in proportion to their length. */
function wordsOf({ start, end, text, words }: Utterance): SpokenWord[] {
  if (words.length > 0) return words.flatMap((word) => partsOf(word));
  const parts = text.trim().match(/\s*\S+/g) ?? [];
  const perCharacter = (end - start) / Math.max(1, text.trim().length);
  let at = start;
  return parts.flatMap((part) => {
    const word = { text: part, start: at, end: at + part.length * perCharacter };
    at = word.end;
    return partsOf(word);
  });
}

function partsOf({ text, start, end }: SpokenWord): SpokenWord[] {
  const characters = [...text.replaceAll(/\s+/g, ' ')];
  const count = Math.ceil(characters.length / maxLineCharacters);
  const step = (end - start) / Math.max(1, count);
  return Array.from({ length: count }, (_, i) => ({
    text: characters.slice(i * maxLineCharacters, (i + 1) * maxLineCharacters).join(''),
    start: start + i * step,
    end: start + (i + 1) * step,
  }));
}

function split(words: readonly SpokenWord[]): SubtitleCue[] {
  const [first, last] = [words[0], words.at(-1)];
  if (!first || !last) return [];
  const lines = layOut(words);
  if (words.length === 1 || (lines && last.end - first.start <= maxSeconds)) {
    const end = Math.min(last.end, first.start + maxSeconds);
    return [{ start: first.start, end, lines: lines ?? [textOf(words)] }];
  }
  const cut = bestCut(words);
  return [...split(words.slice(0, cut)), ...split(words.slice(cut))];
}

/** Two even lines, or one; undefined when the words need more room. */
function layOut(words: readonly SpokenWord[]): string[] | undefined {
  const whole = textOf(words);
  if (lengthOf(whole) <= maxLineCharacters) return whole ? [whole] : [];
  let best: { lines: string[]; cost: number } | undefined;
  for (let at = 1; at < words.length; at += 1) {
    const lines = [textOf(words.slice(0, at)), textOf(words.slice(at))];
    const [upper = 0, lower = 0] = lines.map(lengthOf);
    if (Math.max(upper, lower) > maxLineCharacters) continue;
    const cost = Math.abs(upper - lower) / (upper + lower) - worthOf(words[at - 1], words[at]);
    if (!best || cost < best.cost) best = { lines, cost };
  }
  return best?.lines;
}

function bestCut(words: readonly SpokenWord[]): number {
  let best = { at: 1, cost: Number.POSITIVE_INFINITY };
  for (let at = 1; at < words.length; at += 1) {
    const [before, after] = [lengthOf(textOf(words.slice(0, at))), lengthOf(textOf(words.slice(at)))];
    const cost = Math.abs(before - after) / (before + after || 1) - worthOf(words[at - 1], words[at]);
    if (cost < best.cost) best = { at, cost };
  }
  return best.at;
}

function worthOf(before: SpokenWord | undefined, after: SpokenWord | undefined): number {
  const pause = pauseWorth * Math.min(1, Math.max(0, (after?.start ?? 0) - (before?.end ?? 0)));
  const end = before?.text ?? '';
  if (/[.?!…。！？]["'”’)\]]*$/u.test(end)) return pause + sentenceWorth;
  return /[,;:，、；：]["'”’)\]]*$/u.test(end) ? pause + clauseWorth : pause;
}

const textOf = (words: readonly SpokenWord[]): string =>
  words
    .map(({ text }) => text)
    .join('')
    .trim();
const lengthOf = (text: string): number => [...text].length;
