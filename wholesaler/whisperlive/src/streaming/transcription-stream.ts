import type { Task } from '@vexa/shared/contracts/meeting';
import type { TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { type VoiceDetector, vadWindow } from '../vad/silero.ts';
import { AudioBuffer } from './audio-buffer.ts';
import { isBelievable, type StreamingPolicy } from './policy.ts';
import { quietestPoint } from './quietest-point.ts';
import { samples, seconds, type Utterance, UtteranceDetector } from './utterance-detector.ts';

/** What was said, or is being said: times are seconds since the stream's first sample. */
export interface HeardSegment {
  /** Counts the utterances of the stream; the same for every draft and the final of one utterance. */
  number: number;
  start: number;
  end: number;
  text: string;
  language: string;
  languageProbability: number;
  completed: boolean;
}

export interface StreamSettings {
  language: string | null;
  task: Task;
}

interface Dependencies {
  scheduler: Scheduler;
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
  #settings: StreamSettings;
  #analysed = 0;
  #voiced = 0;
  #number = 0;
  #draftedTo = 0;
  #draftShown = false;
  #undecoded = 0;
  #analysis: Promise<void> = Promise.resolve();
  #finals: Promise<void> = Promise.resolve();

  constructor(settings: StreamSettings, deps: Dependencies) {
    this.#settings = settings;
    this.#deps = deps;
    this.#detector = new UtteranceDetector(deps.policy);
  }

  get audioSeconds(): number {
    return seconds(this.#audio.end);
  }

  get speechSeconds(): number {
    return seconds(this.#voiced);
  }

  /** Seconds of audio that were taken in and still wait for the voice detector or for a final. */
  get backlogSeconds(): number {
    return seconds(this.#audio.end - this.#analysed + this.#undecoded);
  }

  /** Counts for utterances that close from now on. */
  configure(settings: Partial<StreamSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
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
    await this.#finals;
  }

  /** A window that could not be analysed is tried again with the next audio. */
  #analyseInTurn(padding = 0): Promise<void> {
    this.#analysis = this.#analysis.then(() => this.#analyse(padding)).catch(this.#deps.onError);
    return this.#analysis;
  }

  async #analyse(padding: number): Promise<void> {
    while (this.#audio.end + padding - this.#analysed >= vadWindow) {
      const window = new Float32Array(vadWindow);
      window.set(this.#audio.view(this.#analysed, this.#analysed + vadWindow));
      const probability = await this.#deps.voice.probability(window);
      this.#analysed = Math.min(this.#analysed + vadWindow, this.#audio.end);
      if (probability > this.#deps.policy.startProbability) this.#voiced += vadWindow;
      this.#close(this.#detector.push(probability));
      if (this.#detector.mustCut) this.#close(this.#detector.cut(this.#cutPoint()));
      this.#audio.dropBefore(Math.min(this.#detector.neededFrom, this.#analysed));
      this.#maybeDraft();
    }
  }

  #cutPoint(): number {
    const from = this.#detector.open?.from ?? this.#analysed;
    const audio = this.#audio.view(from, this.#analysed);
    return from + quietestPoint(audio, samples(this.#deps.policy.cutSearchFrom));
  }

  #maybeDraft(): void {
    const { open } = this.#detector;
    if (!open || open.voicedSamples < samples(this.#deps.policy.minVoiced)) return;
    const since = Math.max(this.#draftedTo, open.from);
    if (this.#analysed - since < samples(this.#deps.policy.draftStep)) return;
    this.#draftedTo = this.#analysed;
    const number = this.#number;
    const { from, voiceEnd, voicedSamples } = open;
    this.#deps.scheduler
      .draft(this, this.#job({ from, to: this.#analysed, voicedSamples }))
      .then((result) => {
        if (!result || number !== this.#number || !isBelievable(result, this.#deps.policy) || !result.text) return;
        this.#draftShown = true;
        this.#emit(number, from, voiceEnd, result, false);
      })
      .catch(this.#deps.onError);
  }

  #close(utterance: Utterance | undefined): void {
    if (!utterance) return;
    const number = this.#number;
    const draftShown = this.#draftShown;
    this.#number += 1;
    this.#draftShown = false;
    this.#deps.scheduler.dropDraft(this);
    if (utterance.voicedSamples < samples(this.#deps.policy.minVoiced) && !draftShown) return;
    const length = utterance.to - utterance.from;
    this.#undecoded += length;
    const decoded = this.#deps.scheduler.final(this.#job(utterance));
    decoded.catch(() => {}); // reported where it is awaited, in order, below
    this.#finals = this.#finals.then(async () => {
      try {
        const result = await decoded;
        const text = isBelievable(result, this.#deps.policy) ? result.text : '';
        // A draft that turned out to be nothing is taken back by an empty final.
        if (text || draftShown) this.#emit(number, utterance.from, utterance.voiceEnd, { ...result, text }, true);
      } catch (error) {
        this.#deps.onError(error);
      } finally {
        this.#undecoded -= length;
      }
    });
  }

  #job({ from, to, voicedSamples }: Pick<Utterance, 'from' | 'to' | 'voicedSamples'>): TranscribeJob {
    return { audio: this.#audio.slice(from, to), voicedSeconds: seconds(voicedSamples), ...this.#settings };
  }

  #emit(number: number, from: number, to: number, result: TranscribeResult, completed: boolean): void {
    this.#deps.onSegment({
      number,
      start: seconds(from),
      end: seconds(Math.max(to, from)),
      text: result.text,
      language: result.language,
      languageProbability: result.languageProbability,
      completed,
    });
  }
}
