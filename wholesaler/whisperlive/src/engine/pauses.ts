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
  start: number;
  end: number;
}

/** A boundary between words farther than this from a pause is not where the pause is. */
const maxDistance = 0.5;
/** What a word keeps at least when a pause is taken out of it. */
const minWord = 0.04;

/**
 * Attention turns to the next word somewhere in the pause before it, so that one of the two words around a pause seems
 * long. Each pause, the longest first, is laid between the words whose boundary is nearest, or before the first, or
 * after the last. Changes `words`.
 */
export function layPauses(words: Timed[], pauses: readonly Pause[]): void {
  const free = new Set(Array.from({ length: words.length + 1 }, (_, i) => i));
  const byLength = pauses.toSorted((a, b) => b.end - b.start - (a.end - a.start));
  for (const pause of byLength) {
    let best: { boundary: number; distance: number } | undefined;
    for (const boundary of free) {
      const [before, after] = [words[boundary - 1], words[boundary]];
      const from = before?.end ?? 0;
      const to = Math.max(from, after?.start ?? Number.POSITIVE_INFINITY);
      const distance = Math.max(0, from - pause.end, pause.start - to);
      if (distance > maxDistance || (best && best.distance <= distance)) continue;
      if (before && pause.start < before.start + minWord) continue;
      if (after && pause.end > after.end - minWord) continue;
      best = { boundary, distance };
    }
    if (!best) continue;
    free.delete(best.boundary);
    const [before, after] = [words[best.boundary - 1], words[best.boundary]];
    if (before) before.end = pause.start;
    if (after) after.start = pause.end;
  }
}
