import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normaliseWords } from '@vexa/shared/testing/word-error-rate';
import { z } from 'zod';
import { seededRandom } from './statistics.ts';
import type { Voice } from './voices.ts';

/** A word of what a speaker says; seconds since their first sample. */
export interface SpokenWord {
  text: string;
  start: number;
  end: number;
  utterance: number;
}

/** All that one speaker says, with pauses between the utterances. */
export interface Speech {
  audio: Float32Array;
  words: SpokenWord[];
  /** When each utterance is over. */
  utteranceEnds: number[];
}

const sampleRate = 16_000;
const shortestPause = 0.7;
const longestPause = 1.3;
/** Enough for the last utterance to be closed by the service itself. */
const silenceAtEnd = 2;

const wordTimes = z
  .record(
    z.string(),
    z.object({ speechEnd: z.number(), words: z.array(z.tuple([z.string(), z.number(), z.number()])) }),
  )
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'word-times.json'), 'utf8')));

/** Words of a recording with their times: those measured once, or else spread evenly over it. */
function timedWords({ file, reference, seconds }: Voice): Omit<SpokenWord, 'utterance'>[] {
  const known = wordTimes[file];
  if (known) {
    return known.words.flatMap(([text, start, end]) =>
      normaliseWords(text).map((word) => ({ text: word, start, end })),
    );
  }
  const words = normaliseWords(reference);
  const each = seconds / words.length;
  return words.map((text, i) => ({ text, start: i * each, end: (i + 1) * each }));
}

/** About `seconds` of speech: the recordings in an order that `speaker` alone decides. */
export function planSpeech(
  voices: readonly Voice[],
  { seconds, speaker }: { seconds: number; speaker: number },
): Speech {
  const random = seededRandom(speaker + 1);
  const parts: { audio: Float32Array; at: number }[] = [];
  const [words, utteranceEnds]: [SpokenWord[], number[]] = [[], []];
  let [at, queue]: [number, Voice[]] = [random() * longestPause, []];
  while (at < seconds) {
    if (queue.length === 0) queue = shuffled(voices, random);
    const voice = queue.pop();
    if (!voice) throw new Error('there are no recordings to speak');
    const from = Math.round(at * sampleRate) / sampleRate;
    const utterance = utteranceEnds.length;
    const spoken = timedWords(voice).map((word) => ({
      ...word,
      ...{ start: from + word.start, end: from + word.end, utterance },
    }));
    parts.push({ audio: voice.audio, at: Math.round(from * sampleRate) });
    words.push(...spoken);
    utteranceEnds.push(spoken.at(-1)?.end ?? from + voice.seconds);
    at = from + voice.seconds + shortestPause + random() * (longestPause - shortestPause);
  }
  const audio = new Float32Array(Math.ceil((at + silenceAtEnd) * sampleRate));
  for (const part of parts) audio.set(part.audio, part.at);
  return { audio, words, utteranceEnds };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
