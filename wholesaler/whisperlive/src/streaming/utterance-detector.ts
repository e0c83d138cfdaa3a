import { audioSampleRate } from '@vexa/shared/contracts/audio';
import { vadWindow } from '../vad/silero.ts';
import type { StreamingPolicy } from './policy.ts';

/** A stretch of speech, in samples since the start of the stream. */
export interface Utterance {
  /** First sample to decode (with pre-roll). */
  from: number;
  /** Sample after the last one to decode. */
  to: number;
  /** Where the voice itself ended, for the time shown to people. */
  voiceEnd: number;
  voicedSamples: number;
}

/** A stretch without voice inside an utterance. */
export interface Pause {
  from: number;
  to: number;
}

interface Open {
  from: number;
  voiceEnd: number;
  voicedSamples: number;
  pauses: Pause[];
}

/**
 * Finds utterances in a sequence of voice probabilities, one per window of 512 samples. Utterances never overlap: the
 * pre-roll of one ends where the one before it ended, so no sound is decoded into two finals.
 */
export class UtteranceDetector {
  readonly #policy: StreamingPolicy;
  #position = 0;
  #lastEnd = 0;
  #sentenceEnded = false;
  #open: Open | undefined;

  constructor(policy: StreamingPolicy) {
    this.#policy = policy;
  }

  get open(): Readonly<Open> | undefined {
    return this.#open;
  }

  /** Samples before this are needed no more, whatever comes next. */
  get neededFrom(): number {
    return this.#open?.from ?? Math.max(this.#lastEnd, this.#position - samples(this.#policy.preRoll));
  }

  /** The words up to here end a sentence: less silence is then waited for. Counts until there is voice again. */
  sentenceEnded(): void {
    this.#sentenceEnded = true;
  }

  /** Takes the next window's probability; gives the utterance that this window closed, if it closed one. */
  push(probability: number): Utterance | undefined {
    const windowStart = this.#position;
    this.#position += vadWindow;
    if (!this.#open) {
      if (probability <= this.#policy.startProbability) return undefined;
      const from = Math.max(this.#lastEnd, windowStart - samples(this.#policy.preRoll));
      this.#begin({ from, voiceEnd: this.#position, voicedSamples: vadWindow, pauses: [] });
      return undefined;
    }
    if (probability >= this.#policy.silenceProbability) {
      const { voiceEnd, pauses } = this.#open;
      if (windowStart > voiceEnd) pauses.push({ from: voiceEnd, to: windowStart });
      this.#open.voiceEnd = this.#position;
      this.#open.voicedSamples += vadWindow;
      this.#sentenceEnded = false;
      return undefined;
    }
    const { endSilence, endSilenceAfterSentence } = this.#policy;
    const wanted = this.#sentenceEnded ? endSilenceAfterSentence : endSilence;
    if (this.#position - this.#open.voiceEnd < samples(wanted)) return undefined;
    return this.#close(this.#open.voiceEnd + samples(Math.min(this.#policy.tail, wanted)));
  }

  get mustCut(): boolean {
    return this.#open !== undefined && this.#position - this.#open.from >= samples(this.#policy.maxUtterance);
  }

  /** Closes the open utterance at `at` and goes on in a new one from there: speech without a pause. */
  cut(at: number): Utterance | undefined {
    const open = this.#open;
    if (!open) return undefined;
    const pauses = open.pauses.filter(({ to }) => to > at).map(({ from, to }) => ({ from: Math.max(from, at), to }));
    const silent = pauses.reduce((sum, { from, to }) => sum + to - from, 0);
    const voicedSamples = Math.max(0, open.voiceEnd - at - silent);
    this.#open = { ...open, voicedSamples: Math.max(0, open.voicedSamples - voicedSamples) };
    const closed = this.#close(at);
    this.#begin({ from: at, voiceEnd: Math.max(at, open.voiceEnd), voicedSamples, pauses });
    return closed;
  }

  /** Closes what is open because no more audio comes. */
  flush(): Utterance | undefined {
    return this.#close(this.#position);
  }

  #begin(open: Open): void {
    this.#open = open;
    this.#sentenceEnded = false;
  }

  #close(at: number): Utterance | undefined {
    const open = this.#open;
    if (!open) return undefined;
    this.#open = undefined;
    this.#lastEnd = at;
    return { from: open.from, to: at, voiceEnd: Math.min(open.voiceEnd, at), voicedSamples: open.voicedSamples };
  }
}

export const samples = (seconds: number): number => Math.round(seconds * audioSampleRate);
export const seconds = (sampleCount: number): number => Math.round((sampleCount / audioSampleRate) * 1000) / 1000;
