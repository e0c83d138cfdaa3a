import type { SpokenWord } from '@vexa/shared/contracts/stream-messages';
import type { TranscribeResult } from '../engine/engine.ts';
import { type VoiceDetector, vadWindow } from '../vad/silero.ts';
import { AudioBuffer } from './audio-buffer.ts';
import { type Decoder, type Draft, Drafts, type FinishedPart } from './drafts.ts';
import { type Closed, Finals } from './finals.ts';
import type { StreamingPolicy } from './policy.ts';
import { quietestPoint } from './quietest-point.ts';
import { finalTimes, wordsInSession } from './session-words.ts';
import { type Clip, SpeechJobs, type StreamSettings } from './speech-jobs.ts';
import { samples, seconds, type Utterance, UtteranceDetector } from './utterance-detector.ts';

export type { StreamSettings } from './speech-jobs.ts';

/** What was said, or is being said: times are seconds since the stream's first sample. */
export interface HeardSegment {
  /** Counts the utterances of the stream; the same for every draft and the final of one utterance. */
  number: number;
  start: number;
  end: number;
  text: string;
  /** Those of a draft have no times and are left out. */
  words: SpokenWord[];
  language: string;
  languageProbability: number;
  completed: boolean;
}

interface Dependencies {
  scheduler: Decoder;
  voice: VoiceDetector;
  policy: StreamingPolicy;
  onSegment: (segment: HeardSegment) => void;
  /** The voice detector or a decode failed; words may be lost and somebody must know. */
  onError: (error: unknown) => void;
}

/** One stream of audio on its way to text: voice activity, utterances, drafts while they last, finals when they end. */
export class TranscriptionStream {
  readonly #deps: Dependencies;
  readonly #audio = new AudioBuffer();
  readonly #detector: UtteranceDetector;
  readonly #jobs: SpeechJobs;
  readonly #drafts: Drafts;
  readonly #finals: Finals;
  #analysed = 0;
  #voiced = 0;
  #analysis: Promise<void> = Promise.resolve();

  constructor(settings: StreamSettings, deps: Dependencies) {
    const { policy, scheduler, onError } = deps;
    this.#deps = deps;
    this.#detector = new UtteranceDetector(policy);
    this.#jobs = new SpeechJobs(settings, policy);
    this.#finals = new Finals({
      ...{ jobs: this.#jobs, policy, onError },
      decode: (job) => scheduler.final(job),
      onFinal: (closed, result) => this.#emitFinal(closed, result),
    });
    this.#drafts = new Drafts({
      ...{ jobs: this.#jobs, policy, scheduler, onError },
      clip: (from, to, voicedSamples) => this.#clip(from, to, voicedSamples),
      /** What was said before is known to a decode only once it is decoded itself. */
      contextKnown: () => this.#finals.idle,
      onDraft: (draft) => this.#emitDraft(draft),
      onSentenceEnd: () => this.#detector.sentenceEnded(),
      onFinished: (part) => this.#letGo(part),
    });
  }

  get audioSeconds(): number {
    return seconds(this.#audio.end);
  }

  get speechSeconds(): number {
    return seconds(this.#voiced);
  }

  /** Seconds of audio that were taken in and still wait for the voice detector or for a final. */
  get backlogSeconds(): number {
    return seconds(this.#audio.end - this.#analysed) + this.#finals.undecodedSeconds;
  }

  /** True in a pause: all that was said so far was handed out as finals. */
  get settled(): boolean {
    return !this.#detector.open && this.#finals.idle && this.#audio.end - this.#analysed < vadWindow;
  }

  /** Counts for utterances that close from now on. */
  configure(settings: Partial<StreamSettings>): void {
    this.#jobs.configure(settings);
    this.#drafts.restart();
  }

  /** Takes in audio, which the voice detector sees in its turn. */
  push(audio: Float32Array): void {
    this.#audio.append(audio);
    void this.#analyseInTurn();
  }

  /** No more audio: closes what is open and resolves when the last final was handed out. */
  async finish(): Promise<void> {
    await this.#analysis;
    const rest = this.#audio.end - this.#analysed;
    if (rest > 0) await this.#analyseInTurn((vadWindow - (rest % vadWindow)) % vadWindow);
    this.#close(this.#detector.flush());
    await this.#finals.inOrder(() => {});
  }

  /** A window that could not be analysed is tried again with the next audio. */
  #analyseInTurn(padding = 0): Promise<void> {
    this.#analysis = this.#analysis.then(() => this.#analyse(padding)).catch(this.#deps.onError);
    return this.#analysis;
  }

  async #analyse(padding: number): Promise<void> {
    const { policy, voice } = this.#deps;
    while (this.#audio.end + padding - this.#analysed >= vadWindow) {
      const window = new Float32Array(vadWindow);
      window.set(this.#audio.view(this.#analysed, this.#analysed + vadWindow));
      const probability = await voice.probability(window);
      this.#analysed = Math.min(this.#analysed + vadWindow, this.#audio.end);
      if (probability > policy.startProbability) this.#voiced += vadWindow;
      this.#close(this.#detector.push(probability));
      if (this.#detector.mustCut) this.#close(this.#detector.cut(this.#cutPoint()));
      this.#audio.dropBefore(Math.min(this.#detector.neededFrom, this.#analysed));
      if (this.#detector.open) this.#drafts.follow(this.#detector.open, this.#analysed);
    }
  }

  #cutPoint(): number {
    const from = this.#detector.open?.from ?? this.#analysed;
    const audio = this.#audio.view(from, this.#analysed);
    return from + quietestPoint(audio, samples(this.#deps.policy.cutSearchFrom));
  }

  #close(utterance: Utterance | undefined): void {
    if (!utterance) return;
    const closed = this.#drafts.close(utterance);
    if (utterance.voicedSamples < samples(this.#deps.policy.minVoiced) && !closed.drafted) return;
    this.#spoke(utterance);
    void this.#finals.add({
      ...closed,
      utterance,
      clip: this.#clip(utterance.from, utterance.to, utterance.voicedSamples),
    });
  }

  /** Sentences of a long utterance are finished: the rest of it goes on as the next one. */
  async #letGo({ at, ...part }: FinishedPart): Promise<void> {
    const utterance = this.#detector.cut(at);
    if (!utterance) return;
    this.#spoke(utterance);
    await this.#finals.add({ ...part, utterance });
  }

  #spoke({ from, to }: Utterance): void {
    this.#deps.scheduler.spoke?.(seconds(to - from));
  }

  #clip(from: number, to: number, voicedSamples: number): Clip {
    return { audio: this.#audio.slice(from, to), voicedSeconds: seconds(voicedSamples), start: seconds(from) };
  }

  #emitDraft({ number, from, voiceEnd, text, result }: Draft): void {
    const { language, languageProbability } = result;
    const times = { start: seconds(from), end: seconds(Math.max(voiceEnd, from)) };
    this.#deps.onSegment({ number, ...times, text, words: [], language, languageProbability, completed: false });
  }

  #emitFinal({ number, utterance }: Closed, result: TranscribeResult): void {
    const { text, language, languageProbability } = result;
    const words = wordsInSession(result.words, utterance);
    const times = finalTimes(words, utterance);
    this.#deps.onSegment({ number, ...times, text, words, language, languageProbability, completed: true });
  }
}
