import { positionSamples, secondsPerPosition } from './mel.ts';

/** A stretch without voice, in seconds of the clip. */
export interface Pause {
  start: number;
  end: number;
}

/** Shorter stillness is part of a word: a stop consonant holds the breath for up to 0.15 s. */
const minPause = 0.2;
/** The quiet of a room, and how loud speech is, are read at these shares of the sorted levels. */
const floorShare = 0.05;
const speechShare = 0.9;
/** With less between the two, as in music or a crowd, loudness does not tell voice from the rest. */
const minRangeDb = 15;
/** How far above the floor, as a share of the range, voice begins; soft consonants lie low. */
const thresholdShare = 0.3;
const silentDb = -100;

/** Where a clip is quiet for a while, judged by its own loudness; none where that says nothing. */
export function findPauses(audio: Float32Array): Pause[] {
  const levels = levelsOf(audio);
  const sorted = levels.toSorted();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? silentDb;
  // Digital silence is quieter than any room, and would make every breath a voice.
  const speech = at(speechShare);
  const floor = Math.max(at(floorShare), speech - 50);
  if (speech - floor < minRangeDb) return [];
  const threshold = floor + thresholdShare * (speech - floor);
  const pauses: Pause[] = [];
  let from = 0;
  for (let i = 0; i <= levels.length; i += 1) {
    if (i < levels.length && (levels[i] ?? 0) < threshold) continue;
    if ((i - from) * secondsPerPosition >= minPause)
      pauses.push({ start: from * secondsPerPosition, end: i * secondsPerPosition });
    from = i + 1;
  }
  return pauses;
}

/** Root mean square of each 20 ms, in decibels of full scale. */
function levelsOf(audio: Float32Array): Float32Array {
  const levels = new Float32Array(Math.ceil(audio.length / positionSamples));
  for (let i = 0; i < levels.length; i += 1) {
    const piece = audio.subarray(i * positionSamples, (i + 1) * positionSamples);
    let squares = 0;
    for (const sample of piece) squares += sample * sample;
    levels[i] = Math.max(silentDb, 10 * Math.log10(squares / piece.length + 1e-10));
  }
  return levels;
}

interface Timed {
  text: string;
  start: number;
  end: number;
}

/** A boundary between words farther than this from a pause is not where the pause is. */
const maxDistance = 0.5;
/** By how much words may be moved, in all, out of a pause that attention turned to them in. */
const maxMoved = 1.5;
/** What a word keeps at least when a pause is taken out of it. */
const minWord = 0.04;
/** How much farther a boundary may be for punctuation before it, which is where people pause. */
const punctuationWorth = 0.3;
/** The slowest that words are spoken; what is longer holds a silence, or speech that was not written. */
const maxSeconds = 0.6;
const maxSecondsPerCharacter = 0.1;

/**
 * Attention turns to the next word somewhere in the pause before it, so that one of the two words around a pause seems
 * long. Each pause, the longest first, is laid between the words whose boundary is nearest, or before the first, or
 * after the last. A word that is still too long is cut at its first pause. Changes `words`.
 */
export function layPauses(words: Timed[], pauses: readonly Pause[]): void {
  const free = new Set(Array.from({ length: words.length + 1 }, (_, i) => i));
  for (const pause of pauses.toSorted((a, b) => b.end - b.start - (a.end - a.start))) {
    let best: { boundary: number; cost: number } | undefined;
    for (const boundary of free) {
      const cost = costOf(words, boundary, pause);
      if (cost !== undefined && (!best || cost < best.cost)) best = { boundary, cost };
    }
    if (!best) continue;
    free.delete(best.boundary);
    makeRoom(words, best.boundary, pause);
  }
  for (const word of words) shorten(word, pauses);
}

/** How little a pause fits between two words, in seconds; undefined when it cannot be there. */
function costOf(words: readonly Timed[], boundary: number, pause: Pause): number | undefined {
  const [before, after] = [words[boundary - 1], words[boundary]];
  const from = before?.end ?? 0;
  const to = Math.max(from, after?.start ?? Number.POSITIVE_INFINITY);
  const distance = Math.max(0, from - pause.end, pause.start - to);
  const [first, last] = [words[0], words.at(-1)];
  if (distance > maxDistance) return undefined;
  if (before && first && pause.start < first.start + boundary * minWord) return undefined;
  if (after && last && pause.end > last.end - (words.length - boundary) * minWord) return undefined;
  let moved = 0;
  for (const { start } of words.slice(0, boundary)) moved += Math.max(0, start + minWord - pause.start);
  for (const { end } of words.slice(boundary)) moved += Math.max(0, pause.end + minWord - end);
  if (moved > maxMoved) return undefined;
  return distance + moved - (/[^\p{L}\p{N}]$/u.test(before?.text ?? '') ? punctuationWorth : 0);
}

function makeRoom(words: Timed[], boundary: number, pause: Pause): void {
  let first = boundary - 1;
  while (first > 0 && (words[first]?.start ?? 0) > pause.start - (boundary - first) * minWord) first -= 1;
  if (boundary > 0) share(words.slice(first, boundary), words[first]?.start ?? 0, pause.start);
  let last = boundary;
  while (last < words.length - 1 && (words[last]?.end ?? 0) < pause.end + (last - boundary + 1) * minWord) last += 1;
  if (boundary < words.length) share(words.slice(boundary, last + 1), pause.end, words[last]?.end ?? pause.end);
}

/** Words that were moved take time by their length; a single one takes all. */
function share(words: readonly Timed[], from: number, to: number): void {
  const characters = words.reduce((sum, { text }) => sum + text.length, 0);
  let at = from;
  for (const word of words) {
    word.start = at;
    at += ((to - from) * word.text.length) / characters;
    word.end = at;
  }
}

function shorten(word: Timed, pauses: readonly Pause[]): void {
  const most = maxSeconds + maxSecondsPerCharacter * word.text.trim().length;
  if (word.end - word.start <= most) return;
  const within = pauses.find(({ start, end }) => start >= word.start + minWord && end <= word.end);
  word.end = Math.min(within?.start ?? word.end, word.start + most);
}
