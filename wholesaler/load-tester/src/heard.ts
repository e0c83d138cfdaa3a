import { normaliseWords } from '@vexa/shared/testing/word-error-rate';
import { alignWords } from './align-words.ts';
import type { Speech } from './speech-plan.ts';

export interface ShownSegment {
  /** Servers without ids resend what they have: finished segments by their start, and the open one. */
  segment_id?: string | undefined;
  start: number;
  end: number;
  text: string;
  completed: boolean;
}

/** What a client was sent, seconds after it began to speak. */
export interface Shown {
  at: number;
  segments: readonly ShownSegment[];
}

export interface Delays {
  /** From the end of each word to the moment when it was first shown. */
  first: number[];
  /** From the end of each utterance to the moment when its last word was final. */
  final: number[];
  words: number;
  /** Words that were never shown as they were spoken: misheard or lost. */
  unseen: number;
  utterances: number;
  /** Utterances of which the end never became final. */
  unfinished: number;
}

const open = 'open';

/** When the words of a speech were shown, by aligning all that was shown so far with all that was said so far. */
export function delaysOf(speech: Speech, timeline: readonly Shown[]): Delays {
  const segments = new Map<string, ShownSegment>();
  const firstAt: (number | undefined)[] = [];
  const finalAt: (number | undefined)[] = [];
  for (const { at, segments: shown } of timeline) {
    take(segments, shown);
    const said = speech.words.filter(({ start }) => start <= at);
    const hypothesis = [...segments.values()]
      .sort((a, b) => a.start - b.start)
      .flatMap(({ text, completed }) => normaliseWords(text).map((word) => ({ word, completed })));
    const steps = alignWords(
      said.map(({ text }) => text),
      hypothesis.map(({ word }) => word),
    );
    for (const step of steps) {
      if (step.kind !== 'same') continue;
      firstAt[step.reference] ??= at;
      if (hypothesis[step.hypothesis]?.completed) finalAt[step.reference] ??= at;
    }
  }
  const first = speech.words.flatMap(({ end }, i) => (firstAt[i] === undefined ? [] : [firstAt[i] - end]));
  const final = finalDelays(speech, finalAt);
  return {
    ...{ first, final },
    words: speech.words.length,
    unseen: speech.words.length - first.length,
    utterances: speech.utteranceEnds.length,
    unfinished: speech.utteranceEnds.length - final.length,
  };
}

/** The last word that was understood stands for the utterance's end, unless that is more than two words before it. */
const lastWords = 3;

function finalDelays({ words, utteranceEnds }: Speech, finalAt: readonly (number | undefined)[]): number[] {
  return utteranceEnds.flatMap((end, utterance) => {
    const positions = words.flatMap((word, i) => (word.utterance === utterance ? [i] : [])).slice(-lastWords);
    const finished = positions.flatMap((i) => finalAt[i] ?? []);
    return finished.length === 0 ? [] : [Math.max(...finished) - end];
  });
}

function take(segments: Map<string, ShownSegment>, shown: readonly ShownSegment[]): void {
  if (shown.some(({ segment_id }) => segment_id === undefined)) segments.delete(open);
  for (const segment of shown) {
    segments.set(segment.segment_id ?? (segment.completed ? `from ${segment.start}` : open), segment);
  }
}

/** Several speakers taken together. */
export const addDelays = (all: readonly Delays[]): Delays => ({
  first: all.flatMap(({ first }) => first),
  final: all.flatMap(({ final }) => final),
  words: all.reduce((total, { words }) => total + words, 0),
  unseen: all.reduce((total, { unseen }) => total + unseen, 0),
  utterances: all.reduce((total, { utterances }) => total + utterances, 0),
  unfinished: all.reduce((total, { unfinished }) => total + unfinished, 0),
});
