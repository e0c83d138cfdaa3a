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

interface Open {
  from: number;
  voiceEnd: number;
  voicedSamples: number;
}

/**
 * Finds utterances in a sequence of voice probabilities, one per window of 512 samples. Utterances never overlap: the
 * pre-roll of one ends where the one before it ended, so no sound is decoded into two finals.
 */
export class UtteranceDetector {
  readonly #policy: StreamingPolicy;
  #position = 0;
  #lastEnd = 0;
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

  /** Takes the next window's probability; gives the utterance that this window closed, if it closed one. */
  push(probability: number): Utterance | undefined {
    const windowStart = this.#position;
    this.#position += vadWindow;
    if (!this.#open) {
      if (probability <= this.#policy.startProbability) return undefined;
      const from = Math.max(this.#lastEnd, windowStart - samples(this.#policy.preRoll));
      this.#open = { from, voiceEnd: this.#position, voicedSamples: vadWindow };
      return undefined;
    }
    if (probability >= this.#policy.silenceProbability) {
      this.#open.voiceEnd = this.#position;
      this.#open.voicedSamples += vadWindow;
      return undefined;
    }
    const silence = this.#position - this.#open.voiceEnd;
    return silence >= samples(this.#policy.endSilence) ? this.#close(this.#position) : undefined;
  }

  get mustCut(): boolean {
    return this.#open !== undefined && this.#position - this.#open.from >= samples(this.#policy.maxUtterance);
  }

  /** Closes the open utterance at `at` and goes on in a new one from there: speech without a pause. */
  cut(at: number): Utterance | undefined {
    const open = this.#open;
    if (!open) return undefined;
    const closed = this.#close(at);
    this.#open = { from: at, voiceEnd: Math.max(at, open.voiceEnd), voicedSamples: Math.max(0, open.voiceEnd - at) };
    return closed;
  }

  /** Closes what is open because no more audio comes. */
  flush(): Utterance | undefined {
    return this.#close(this.#position);
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
