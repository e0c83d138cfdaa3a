import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { AudioFileError, type AudioFileProblem } from '../audio-file/audio-file-error.ts';
import { decodeAudioFile } from '../audio-file/decode-audio-file.ts';
import { type FileSegment, transcribeFile } from '../audio-file/transcribe-file.ts';
import { languageProblem } from '../audio-socket/parse-config.ts';
import type { TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import type { StreamingPolicy } from '../streaming/policy.ts';
import type { VoiceDetector } from '../vad/silero.ts';
import { ApiError, type ApiStatus, fieldProblem } from './api-error.ts';
import { formatTranscript } from './format-transcript.ts';
import { maxFileBytes, parseForm, type TranscriptionForm, tooLarge } from './parse-form.ts';
import { type OpenTranscript, streamTranscript } from './stream-transcript.ts';

/** What files are transcribed with. */
export interface FileTranscriber {
  model: string;
  multilingual: boolean;
  languages: readonly string[];
  policy: StreamingPolicy;
  /** Name or path of the program for what is not plain WAV. */
  ffmpeg: string;
  createVoice: () => VoiceDetector;
  decode: (job: TranscribeJob) => Promise<TranscribeResult>;
}

/** A model that stays loaded until it is disposed of. */
export type FileModel = FileTranscriber & Disposable;

interface Dependencies {
  /** Loads the model of a name. Throws `ApiError`. */
  open: (model: string) => Promise<FileModel>;
  /** Throws until the default model is loaded. */
  ready: () => unknown;
  /** Counts a file until it is disposed of. Throws `ApiError` where no more are taken. */
  take: () => Disposable;
  logger: Logger;
  stopping: AbortSignal;
}

type Task = 'transcribe' | 'translate';

/**
 * Seconds of silence that end an utterance of a file. Longer than live: nobody waits, and with more around them fewer
 * words are wrong (tiny.en, 471 words: 105 errors at 0.4 s, 100 at 0.8 s, no fewer above).
 */
const fileEndSilence = 0.8;
/** More are answered 429: each holds its upload, at most 25 MiB, in memory. The server gives an upload 5 minutes. */
const maxFilesAtOnce = 4;
const fullRetrySeconds = 5;
/** What the form may need beside the file. */
const formMargin = 64 * 1024;

/** `POST /audio/transcriptions` and `POST /audio/translations`. */
export function mountTranscriptions(app: Hono, { open, ready, take, logger, stopping }: Dependencies): void {
  let files = 0;
  const takeOne = (): (() => void) => {
    if (files >= maxFilesAtOnce) {
      throw new ApiError(429, 'too_many_files', `${maxFilesAtOnce} files are being transcribed; try again soon.`, {
        retryAfterSeconds: fullRetrySeconds,
      });
    }
    const work = take();
    files += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      files -= 1;
      work[Symbol.dispose]();
    };
  };
  const limit = bodyLimit({
    maxSize: maxFileBytes + formMargin,
    onError: () => {
      throw tooLarge();
    },
  });
  const answer = async (c: Context, task: Task, release: () => void): Promise<Response> => {
    ready();
    const form = parseForm(await readForm(c));
    using held = new DisposableStack();
    const transcriber = held.use(await open(form.model));
    checkAgainstModel(form, task, transcriber);
    const signal = AbortSignal.any([c.req.raw.signal, stopping]);
    const segments = await openTranscript(form, task, { transcriber, signal });
    if (!form.stream) return formatTranscript(await collect(segments, { form, task }), form);
    const inStream = held.move();
    return streamTranscript(segments, {
      onEnd: () => {
        inStream.dispose();
        release();
      },
      toApiError: (error) => {
        const known = toApiError(error, signal);
        if (!known) logger.error(errorFields(error), 'a file was not transcribed to its end');
        return known ?? new ApiError(500, 'internal_error', 'Something went wrong on our side.');
      },
    });
  };
  const route = (path: string, task: Task) =>
    app.post(path, async (c) => {
      const release = takeOne();
      let streaming = false;
      try {
        let response: Response | undefined;
        await limit(c, async () => {
          response = await answer(c, task, release);
        });
        if (!response) throw new Error('the body limit neither refused nor let through');
        streaming = response.headers.get('content-type') === 'text/event-stream';
        return response;
      } catch (error) {
        throw toApiError(error, AbortSignal.any([c.req.raw.signal, stopping])) ?? error;
      } finally {
        if (!streaming) release();
      }
    });
  route('/audio/transcriptions', 'transcribe');
  route('/audio/translations', 'translate');
}

async function readForm(c: Context): Promise<FormData> {
  const type = c.req.header('content-type') ?? '';
  if (!type.startsWith('multipart/form-data')) {
    throw fieldProblem('content-type', 'Send the file as multipart/form-data.', 415);
  }
  try {
    return await c.req.formData();
  } catch (error) {
    throw new ApiError(400, 'bad_form', 'The multipart form cannot be read.', { cause: error });
  }
}

function checkAgainstModel(form: TranscriptionForm, task: Task, transcriber: FileTranscriber): void {
  const { model, multilingual, languages } = transcriber;
  const unknown = languageProblem(form.language, languages);
  if (unknown) throw fieldProblem('language', `${unknown}.`);
  if (task === 'translate' && !multilingual) {
    throw fieldProblem('model', `${model} knows English only and cannot translate; serve a multilingual model.`);
  }
}

async function openTranscript(
  form: TranscriptionForm,
  task: Task,
  { transcriber, signal }: { transcriber: FileTranscriber; signal: AbortSignal },
): Promise<OpenTranscript> {
  const bytes = new Uint8Array(await form.file.arrayBuffer());
  const pieces = decodeAudioFile(bytes, { command: transcriber.ffmpeg, signal });
  const { decode } = transcriber;
  const policy = { ...transcriber.policy, endSilence: fileEndSilence };
  // Also where only segments are asked for: their times are those of their words.
  const wordTimes = form.format !== 'json' && form.format !== 'text';
  const settings = { language: form.language, task, prompt: form.prompt, wordTimes };
  const rest = transcribeFile(pieces, settings, { decode, policy, signal, voice: transcriber.createVoice() });
  return { first: await rest.next(), rest };
}

async function collect(
  { first, rest }: OpenTranscript,
  { form, task }: { form: TranscriptionForm; task: Task },
): Promise<Parameters<typeof formatTranscript>[0]> {
  const segments: FileSegment[] = [];
  let next = first;
  for (; !next.done; next = await rest.next()) segments.push(next.value);
  return { segments, duration: next.value, task, language: form.language };
}

const fileErrors: Record<AudioFileProblem, { status: ApiStatus; code: string }> = {
  empty: { status: 400, code: 'empty_file' },
  unknown_format: { status: 400, code: 'unsupported_format' },
  broken: { status: 400, code: 'invalid_file' },
  too_long: { status: 400, code: 'audio_too_long' },
  no_decoder: { status: 415, code: 'decoder_missing' },
};

/** Undefined for what is a fault of this service. */
function toApiError(error: unknown, signal: AbortSignal): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof AudioFileError) {
    const { status, code } = fileErrors[error.problem];
    return new ApiError(status, code, error.message, { param: 'file', cause: error });
  }
  if (!signal.aborted) return undefined;
  return new ApiError(503, 'interrupted', 'The client went away or the service stops.', { cause: error });
}
