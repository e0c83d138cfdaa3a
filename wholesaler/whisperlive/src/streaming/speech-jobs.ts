import type { Task } from '@vexa/shared/contracts/meeting';
import type { TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { Context } from './context.ts';
import type { StreamingPolicy } from './policy.ts';
import { SpokenLanguage } from './spoken-language.ts';

export interface StreamSettings {
  /** Null to have it detected. */
  language: string | null;
  task: Task;
}

export interface Clip {
  audio: Float32Array;
  voicedSeconds: number;
  /** Seconds since the stream's first sample. */
  start: number;
}

/** What the decodes of one stream have in common: settings, the language once it is known, and what was said before. */
export class SpeechJobs {
  readonly context: Context;
  readonly #language: SpokenLanguage;
  readonly #policy: StreamingPolicy;
  #settings: StreamSettings;

  constructor(settings: StreamSettings, policy: StreamingPolicy) {
    this.#settings = settings;
    this.#policy = policy;
    this.context = new Context(policy);
    this.#language = new SpokenLanguage(policy);
  }

  configure(settings: Partial<StreamSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.forget();
  }

  /** The language is asked anew, and nothing was said before. */
  forget(): void {
    this.#language.forget();
    this.context.forget();
  }

  draft(clip: Clip, prefix: readonly number[]): TranscribeJob {
    return prefix.length > 0 ? { ...this.#job(clip), prefix } : this.#job(clip);
  }

  final(clip: Clip): TranscribeJob {
    return { ...this.#job(clip), fallback: true, wordTimes: true };
  }

  /** Whether a decode in the language that was kept is so unlikely that it may be another one. */
  mayBeOtherLanguage(job: TranscribeJob, { averageLogprob }: TranscribeResult): boolean {
    const kept = this.#settings.language === null && job.language !== null;
    return kept && averageLogprob < this.#policy.minLanguageLogprob;
  }

  /** Takes note of the language that was heard; gives the result with the probability of the language it was decoded in. */
  learn(job: TranscribeJob, result: TranscribeResult): TranscribeResult {
    const kept = this.#language.known;
    const detected = job.language === null;
    if (this.#settings.language === null)
      this.#language.learn(result, { detected, voicedSeconds: job.voicedSeconds ?? 0 });
    if (detected || kept?.language !== job.language) return result;
    return { ...result, languageProbability: kept.probability };
  }

  #job({ audio, voicedSeconds, start }: Clip): TranscribeJob {
    const { language, task } = this.#settings;
    const promptText = this.context.before(start);
    return {
      ...{ audio, voicedSeconds, task },
      language: language ?? this.#language.known?.language ?? null,
      ...(promptText === undefined ? {} : { promptText }),
    };
  }
}
