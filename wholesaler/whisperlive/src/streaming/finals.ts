import type { TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { isBelievable } from './hallucination-guard.ts';
import type { StreamingPolicy } from './policy.ts';
import { echoesPrompt } from './prompt-echo.ts';
import type { Clip, SpeechJobs } from './speech-jobs.ts';
import { seconds, type Utterance } from './utterance-detector.ts';

/** A decode that was asked for, before it was known whether it would be needed; undefined when its turn never came. */
export interface Early {
  job: TranscribeJob;
  result: Promise<TranscribeResult | undefined>;
}

export interface Closed {
  number: number;
  utterance: Utterance;
  clip: Clip;
  /** A draft of it was shown: if there is nothing to be said, it must be taken back. */
  drafted: boolean;
  early?: Early | undefined;
}

interface Decoded {
  job: TranscribeJob;
  result: TranscribeResult;
}

interface Dependencies {
  decode: (job: TranscribeJob) => Promise<TranscribeResult>;
  jobs: SpeechJobs;
  policy: StreamingPolicy;
  onFinal: (closed: Closed, result: TranscribeResult) => void;
  onError: (error: unknown) => void;
}

/** Decodes closed utterances, one after the other, since each is told what was said before it; never drops one. */
export class Finals {
  readonly #deps: Dependencies;
  #order: Promise<void> = Promise.resolve();
  #undecoded = 0;
  #waiting = 0;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** Seconds of audio that wait for their decode. */
  get undecodedSeconds(): number {
    return seconds(this.#undecoded);
  }

  /** True when all that was closed is decoded: what comes next can be told what was said before. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  /** Resolves when the final was handed out. */
  add(closed: Closed): Promise<void> {
    this.#undecoded += closed.clip.audio.length;
    return this.inOrder(async () => {
      try {
        await this.#decode(closed);
      } finally {
        this.#undecoded -= closed.clip.audio.length;
      }
    });
  }

  /** Does something after all finals that were added so far. */
  inOrder(step: () => void | Promise<void>): Promise<void> {
    this.#waiting += 1;
    this.#order = this.#order
      .then(step)
      .catch(this.#deps.onError)
      .finally(() => {
        this.#waiting -= 1;
      });
    return this.#order;
  }

  async #decode(closed: Closed): Promise<void> {
    const { jobs, policy, onFinal } = this.#deps;
    const { job, result } = await this.#bestDecode(closed);
    const heard = jobs.learn(job, result);
    const believed = isBelievable(heard, policy);
    const text = believed ? heard.text : '';
    if (believed) jobs.context.add({ ...heard, end: seconds(closed.utterance.voiceEnd) });
    else jobs.context.forget();
    // A draft that turned out to be nothing is taken back by an empty final.
    if (text || closed.drafted) onFinal(closed, text ? heard : { ...heard, text, words: [] });
  }

  async #bestDecode(closed: Closed): Promise<Decoded> {
    const first = await this.#fittingDecode(closed);
    if (!this.#deps.jobs.mayBeOtherLanguage(first.job, first.result)) return first;
    this.#deps.jobs.forget();
    const again = await this.#decodeAnew(closed.clip);
    return again.result.averageLogprob > first.result.averageLogprob ? again : first;
  }

  /** Without the text before, where that leads the model astray. */
  async #fittingDecode({ clip, early }: Closed): Promise<Decoded> {
    const { jobs, decode, policy } = this.#deps;
    // Whoever asked for it reports its failure.
    const ready = await early?.result.catch(() => undefined);
    const job = ready && early ? early.job : jobs.final(clip);
    const result = ready ?? (await decode(job));
    if (job.promptText === undefined) return { job, result };
    if (!isBelievable(result, policy) || echoesPrompt(result.text, job.promptText)) {
      jobs.context.forget();
      return this.#decodeAnew(clip);
    }
    return result.averageLogprob < policy.minPromptedLogprob ? this.#unprompted({ job, result }) : { job, result };
  }

  /** What is doubtful is asked again without the text before; where that is likelier, the text before misled the model. */
  async #unprompted(prompted: Decoded): Promise<Decoded> {
    const { promptText: _misleading, ...job } = prompted.job;
    const result = await this.#deps.decode(job);
    const likelier = result.averageLogprob > prompted.result.averageLogprob;
    if (!likelier || !isBelievable(result, this.#deps.policy)) return prompted;
    this.#deps.jobs.context.forget();
    return { job, result };
  }

  async #decodeAnew(clip: Clip): Promise<Decoded> {
    const job = this.#deps.jobs.final(clip);
    return { job, result: await this.#deps.decode(job) };
  }
}
