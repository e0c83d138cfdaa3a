export interface TranscribeJob {
  /** 16 kHz mono samples in [-1, 1], at most 30 s. */
  audio: Float32Array;
  /** ISO 639-1 code as Whisper names it, or null to detect it. */
  language: string | null;
  task: 'transcribe' | 'translate';
  /** Text spoken before this audio; only its last tokens are used. */
  promptText?: string;
}

export interface TranscribeResult {
  text: string;
  language: string;
  languageProbability: number;
  tokenCount: number;
  averageLogprob: number;
  noSpeechProbability: number;
  /** Repetition that survived the second decode over the full window. */
  looped: boolean;
}

export interface Engine extends AsyncDisposable {
  readonly model: string;
  readonly multilingual: boolean;
  transcribe(job: TranscribeJob): Promise<TranscribeResult>;
}

export interface EngineOptions {
  model: string;
  modelsDir: string;
  threads: number;
}

export async function startEngine(options: EngineOptions): Promise<Engine> {
  throw new Error(`the engine for ${options.model} is not there yet`);
}
