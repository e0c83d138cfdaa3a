import type { StreamingPolicy } from './policy.ts';

export interface KnownLanguage {
  language: string;
  probability: number;
}

interface Heard {
  language: string;
  languageProbability: number;
  averageLogprob: number;
  text: string;
}

/** The language of a stream that was given none: detected on its first speech, kept once sure, asked again in doubt. */
export class SpokenLanguage {
  readonly #policy: StreamingPolicy;
  #known: KnownLanguage | undefined;

  constructor(policy: StreamingPolicy) {
    this.#policy = policy;
  }

  /** What to decode in; undefined when each decode is to detect it. */
  get known(): KnownLanguage | undefined {
    return this.#known;
  }

  /** Learns from a decode that detected the language, or doubts the kept one after a decode that made use of it. */
  learn(heard: Heard, { detected, voicedSeconds }: { detected: boolean; voicedSeconds: number }): void {
    if (!heard.text) return;
    const { sureOfLanguage, minLanguageVoiced, minLanguageLogprob } = this.#policy;
    if (!detected) {
      if (heard.averageLogprob < minLanguageLogprob) this.forget();
    } else if (heard.languageProbability >= sureOfLanguage && voicedSeconds >= minLanguageVoiced) {
      this.#known = { language: heard.language, probability: heard.languageProbability };
    }
  }

  forget(): void {
    this.#known = undefined;
  }
}
