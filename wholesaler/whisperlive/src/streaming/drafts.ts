import type { TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { draftStep, hasRoomForDrafts, type Pressure } from './draft-step.ts';
import type { Early } from './finals.ts';
import { isBelievable } from './hallucination-guard.ts';
import { agree, type Hypothesis, nothingSaid, shownText, tokensOf } from './local-agreement.ts';
import type { StreamingPolicy } from './policy.ts';
import { echoesPrompt } from './prompt-echo.ts';
import { finishedWords, pauseToTry } from './sentence-cut.ts';
import { endsSentence } from './sentence-end.ts';
import type { Clip, SpeechJobs } from './speech-jobs.ts';
import { type Pause, samples, type Utterance } from './utterance-detector.ts';

/** What streams need of the scheduler. */
export interface Decoder {
  final(job: TranscribeJob): Promise<TranscribeResult>;
  /** Undefined when its turn did not come before it was dropped or a newer one took its place. */
  draft(key: unknown, job: TranscribeJob, kind?: 'draft' | 'early'): Promise<TranscribeResult | undefined>;
  dropDraft(key: unknown): void;
  /** Told of every utterance, to know what a second of speech costs. */
  spoke?(seconds: number): void;
  readonly pressure?: Pressure;
}

/** The utterance that is being spoken, as far as the voice detector has come. */
export interface Spoken {
  from: number;
  voiceEnd: number;
  voicedSamples: number;
  pauses: readonly Pause[];
}

export interface Draft {
  number: number;
  from: number;
  voiceEnd: number;
  text: string;
  result: TranscribeResult;
}

/** A part of the open utterance that is decoded for good and can be let go of. */
export interface FinishedPart {
  number: number;
  /** Where the next one begins. */
  at: number;
  clip: Clip;
  early: Early;
  drafted: boolean;
}

interface Dependencies {
  scheduler: Decoder;
  jobs: SpeechJobs;
  policy: StreamingPolicy;
  clip: (from: number, to: number, voicedSamples: number) => Clip;
  /** False while a final is on its way whose words the next decode should know. */
  contextKnown: () => boolean;
  onDraft: (draft: Draft) => void;
  onSentenceEnd: () => void;
  /** Resolves when its final was handed out. */
  onFinished: (part: FinishedPart) => Promise<void>;
  onError: (error: unknown) => void;
}

/** One utterance's drafts. Results that come after it was closed find another one in its place and are forgotten. */
interface Open {
  number: number;
  hypothesis: Hypothesis;
  shown: boolean;
  /** Samples up to here were given to a decode. */
  draftedTo: number;
  early: (Early & { voiceEnd: number }) | undefined;
  probing: boolean;
  /** Starts of pauses that turned out not to be where a sentence ends. */
  tried: Set<number>;
}

/**
 * What is shown of an utterance while it lasts: decodes by LocalAgreement; the final, ahead of time, in every pause; and
 * finished sentences of a long one, to be let go of.
 */
export class Drafts {
  readonly #deps: Dependencies;
  readonly #probeKey = {};
  #open = newOpen(0, 0);
  #spoken: Spoken = { from: 0, voiceEnd: 0, voicedSamples: 0, pauses: [] };

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** Looks at the open utterance after each window of the voice detector. `position`: samples analysed so far. */
  follow(spoken: Spoken, position: number): void {
    const { policy, scheduler, contextKnown } = this.#deps;
    this.#spoken = spoken;
    if (spoken.voicedSamples < samples(policy.minVoiced)) return;
    const open = this.#open;
    const { pressure = 0 } = scheduler;
    const silence = position - spoken.voiceEnd;
    const mayBeFinal = hasRoomForDrafts(pressure) && contextKnown();
    if (silence > 0 && open.early?.voiceEnd !== spoken.voiceEnd && mayBeFinal) {
      if (silence >= samples(policy.earlyFinalSilence)) this.#startEarly(position);
      return;
    }
    if (spoken.voiceEnd <= open.draftedTo) return;
    const since = position - Math.max(open.draftedTo, spoken.from);
    if (since >= samples(draftStep(policy, pressure))) this.#startDraft(position);
  }

  /** The utterance is closed: what was decoded ahead of time is its final, if nothing was said since. */
  close(utterance: Utterance): { number: number; drafted: boolean; early: Early | undefined } {
    const { number, shown, early } = this.#open;
    this.#open = newOpen(number + 1, utterance.to);
    this.#deps.scheduler.dropDraft(this);
    this.#deps.scheduler.dropDraft(this.#probeKey);
    const complete = early?.voiceEnd === utterance.voiceEnd ? early : undefined;
    return { number, drafted: shown, early: complete };
  }

  /** Settings changed: what was agreed is not a beginning of what will be heard now. */
  restart(): void {
    const { number, shown, draftedTo } = this.#open;
    this.#open = { ...newOpen(number, draftedTo), shown };
  }

  #startDraft(position: number): void {
    const { jobs, scheduler } = this.#deps;
    const open = this.#open;
    const { from, voicedSamples, voiceEnd } = this.#spoken;
    open.draftedTo = position;
    const job = jobs.draft(this.#deps.clip(from, position, voicedSamples), tokensOf(open.hypothesis.agreed));
    const result = scheduler.draft(this, job);
    this.#whenDecoded(open, { job, result }, (heard) => {
      this.#show(open, heard, voiceEnd);
      this.#probe(open);
    });
  }

  #startEarly(position: number): void {
    const { jobs, scheduler, clip, onSentenceEnd } = this.#deps;
    const open = this.#open;
    const { from, voicedSamples, voiceEnd } = this.#spoken;
    open.draftedTo = position;
    const job = jobs.final(clip(from, position, voicedSamples));
    const early = { job, result: scheduler.draft(this, job, 'early'), voiceEnd };
    open.early = early;
    this.#whenDecoded(open, early, (heard) => {
      if (this.#spoken.voiceEnd === voiceEnd && endsSentence(heard.text)) onSentenceEnd();
      this.#show(open, heard, voiceEnd);
    });
  }

  #show(open: Open, heard: TranscribeResult, voiceEnd: number): void {
    const next = agree(open.hypothesis, heard.words);
    if (!next) return;
    open.hypothesis = next;
    this.#emit(open, heard, voiceEnd);
  }

  #emit(open: Open, result: TranscribeResult, voiceEnd: number): void {
    const text = shownText(open.hypothesis);
    if (!text) return;
    open.shown = true;
    this.#deps.onDraft({ number: open.number, from: this.#spoken.from, voiceEnd, text, result });
  }

  /** Decodes a long utterance up to a pause, to see whether a sentence ends there. */
  #probe(open: Open): void {
    const { policy, jobs, scheduler, clip } = this.#deps;
    if (open.probing || !this.#deps.contextKnown()) return;
    const pause = pauseToTry(this.#spoken, open.hypothesis, { policy, tried: open.tried });
    if (!pause) return;
    open.probing = true;
    open.tried.add(pause.from);
    const at = Math.round((pause.from + pause.to) / 2);
    const { from, voicedSamples, voiceEnd } = this.#spoken;
    const voiced = Math.round((voicedSamples * (at - from)) / (voiceEnd - from));
    const probed = clip(from, at, voiced);
    const job = jobs.final(probed);
    const result = scheduler.draft(this.#probeKey, job, 'early').finally(() => {
      open.probing = false;
    });
    this.#whenDecoded(open, { job, result }, (heard) => {
      this.#letGo(open, heard, { at, clip: probed, early: { job, result } });
    });
  }

  #letGo(open: Open, heard: TranscribeResult, part: Pick<FinishedPart, 'at' | 'clip' | 'early'>): void {
    const { agreed, tentative } = open.hypothesis;
    const { from, voiceEnd } = this.#spoken;
    const anyWord = voiceEnd - from >= samples(this.#deps.policy.clauseCutFrom);
    const count = finishedWords(agreed, heard.words, { anyWord });
    if (count === undefined) return;
    const rest = newOpen(open.number + 1, open.draftedTo);
    rest.hypothesis = { agreed: agreed.slice(count), tentative };
    this.#open = rest;
    this.#deps.scheduler.dropDraft(this); // it was asked for with audio that is let go of
    this.#spoken = { ...this.#spoken, from: part.at };
    void this.#deps.onFinished({ ...part, number: open.number, drafted: open.shown }).then(() => {
      if (rest === this.#open) this.#emit(rest, heard, voiceEnd);
    });
  }

  #whenDecoded(open: Open, { job, result }: Early, then: (heard: TranscribeResult) => void): void {
    const { jobs, policy, onError } = this.#deps;
    result
      .then((decoded) => {
        if (!decoded || open !== this.#open) return;
        const heard = jobs.learn(job, decoded);
        const echo = job.promptText !== undefined && echoesPrompt(heard.text, job.promptText);
        if (heard.text && !echo && isBelievable(heard, policy)) then(heard);
      })
      .catch(onError);
  }
}

const newOpen = (number: number, draftedTo: number): Open => ({
  ...{ number, draftedTo },
  hypothesis: nothingSaid,
  shown: false,
  early: undefined,
  probing: false,
  tried: new Set(),
});
