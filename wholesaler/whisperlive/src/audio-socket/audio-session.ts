import type { AudioConfig, AudioServerFrame, Reconfigure, SpeakerActivity } from '@vexa/shared/contracts/audio';
import type { Platform } from '@vexa/shared/contracts/platform';
import { requestFieldsOf } from '@vexa/shared/http/trace';
import type { Logger } from '@vexa/shared/logging';
import { errorFields } from '@vexa/shared/logging';
import type { z } from 'zod';
import type { StreamPublisher } from '../publish/stream-publisher.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { StreamingPolicy } from '../streaming/policy.ts';
import { type HeardSegment, TranscriptionStream } from '../streaming/transcription-stream.ts';
import type { VoiceDetector } from '../vad/silero.ts';
import { languageProblem } from './parse-config.ts';

interface Dependencies {
  model: string;
  languages: readonly string[];
  scheduler: Scheduler;
  voice: VoiceDetector;
  policy: StreamingPolicy;
  publisher: StreamPublisher;
  logger: Logger;
  now: () => Date;
  send: SendFrame;
  /** Told of every message that begins or ends to wait for Redis. */
  onWaiting: (change: 1 | -1) => void;
}

export type SendFrame = (frame: AudioServerFrame) => void;

export interface SessionIdentity {
  config: AudioConfig;
  platform: Platform;
  meetingId: number;
}

/**
 * Messages of one session that may wait for Redis: minutes of talk. What all of them may hold is this times the number of
 * streams; above it the connection is paused.
 */
const maxWaitingMessages = 200;

/**
 * One audio connection's session: its messages reach Redis in order and before the client hears of them, so what a
 * client believes to be final can never be lost here.
 */
export class AudioSession {
  readonly uid: string;
  /** Names the session, and the request that asked for its bot. */
  readonly logger: Logger;
  readonly #stream: TranscriptionStream;
  readonly #deps: Dependencies;
  readonly #identity: SessionIdentity;
  #order: Promise<void> = Promise.resolve();
  #waiting = 0;
  #drafts = 0;
  #telling = true;
  #language: string | undefined;
  #ended: Promise<void> | undefined;

  constructor(identity: SessionIdentity, deps: Dependencies) {
    const { config } = identity;
    this.uid = config.uid;
    this.logger = deps.logger.child({ uid: config.uid, meeting_id: identity.meetingId, ...requestFieldsOf(config) });
    this.logger.info({ model: deps.model }, 'audio session started');
    this.#deps = deps;
    this.#identity = identity;
    this.#stream = new TranscriptionStream(
      { language: config.language ?? null, task: config.task ?? 'transcribe' },
      {
        scheduler: deps.scheduler,
        voice: deps.voice,
        policy: deps.policy,
        onSegment: (segment) => this.#heard(segment),
        onError: (error) => this.logger.error(errorFields(error), 'audio of a session was not transcribed'),
      },
    );
    void this.#inOrder(() =>
      deps.publisher.publish({
        ...this.#head(),
        type: 'session_start',
        platform: identity.platform,
        meeting_id: identity.meetingId,
        native_meeting_id: config.native_meeting_id ?? '',
        model_identifier: deps.model,
        start_timestamp: config.start_timestamp ?? deps.now().toISOString(),
        speaker: config.speaker ?? null,
        resumes: config.resumes ?? null,
        ...(config.request_id && { request_id: config.request_id }),
        ...(config.traceparent && { traceparent: config.traceparent }),
      }),
    );
  }

  /** True while more audio would pile up faster than it can be decoded or published. */
  get overloaded(): boolean {
    if (this.#stream.backlogSeconds > this.#deps.policy.maxBacklog) return true;
    return this.#waiting >= maxWaitingMessages || this.#deps.publisher.full;
  }

  /** True in a pause: the client was told all that was said so far. */
  get settled(): boolean {
    return this.#stream.settled && this.#waiting === 0;
  }

  push(samples: Float32Array): void {
    this.#stream.push(samples);
  }

  /** Counts for utterances that close from now on. A change that cannot be made changes nothing and is answered. */
  reconfigure({ language, task }: z.infer<typeof Reconfigure>['payload']): string | undefined {
    const problem = languageProblem(language, this.#deps.languages);
    if (problem) return problem;
    this.#stream.configure({ ...(language === undefined ? {} : { language }), ...(task ? { task } : {}) });
    return undefined;
  }

  /**
   * From now on finals are published only. A session that is ended by force ends in the middle of a word: that word is
   * kept in case nobody comes back, but a client that was not told of it sends its audio again to the session that
   * supersedes this one, and it is heard whole.
   */
  stopTelling(): void {
    this.#telling = false;
  }

  speakerActivity({ payload }: z.infer<typeof SpeakerActivity>): void {
    const event = {
      v: 1 as const,
      uid: this.uid,
      token: this.#identity.config.token,
      event_type: payload.event_type,
      participant_name: payload.participant_name,
      participant_id: payload.participant_id ?? payload.participant_id_meet ?? payload.participant_name,
      relative_client_timestamp_ms: payload.relative_client_timestamp_ms,
    };
    void this.#inOrder(() => this.#deps.publisher.publishSpeakerEvent(event));
  }

  /** Finishes what was heard so far and tells Redis that the session is over. Safe to call again. */
  end(): Promise<void> {
    this.#ended ??= this.#finish();
    return this.#ended;
  }

  async #finish(): Promise<void> {
    await this.#stream.finish();
    void this.#inOrder(() =>
      this.#deps.publisher.publish({
        ...this.#head(),
        type: 'session_end',
        end_timestamp: this.#deps.now().toISOString(),
        audio_seconds: this.#stream.audioSeconds,
        speech_seconds: this.#stream.speechSeconds,
      }),
    );
    await this.#order;
  }

  #heard(heard: HeardSegment): void {
    const { number, start, end, text, words: timed, language, completed } = heard;
    const words = timed.length > 0 ? { words: timed } : {};
    // While Redis is behind, drafts would only stand in the way of finals.
    if (!completed && this.#drafts > 0) return;
    if (!completed) this.#drafts += 1;
    const segment_id = `${this.uid}:${number}`;
    const speaker = this.#identity.config.speaker ?? null;
    const segment = { segment_id, start, end, text, language, completed, speaker, ...words };
    void this.#inOrder(
      () => this.#deps.publisher.publish({ ...this.#head(), type: 'transcription', segments: [segment] }),
      () => {
        this.#tellLanguage(heard);
        if (!this.#telling) return;
        this.#deps.send({ uid: this.uid, segments: [{ segment_id, start, end, text, completed, ...words }] });
      },
    ).finally(() => {
      if (!completed) this.#drafts -= 1;
    });
  }

  #tellLanguage({ language, languageProbability: probability, completed }: HeardSegment): void {
    if (this.#language === language) return;
    // A guess from the first words would be told, and taken back.
    if (!completed && probability < this.#deps.policy.sureOfLanguage) return;
    this.#language = language;
    this.#deps.send({ uid: this.uid, language, language_prob: probability });
  }

  #head() {
    return { v: 1 as const, uid: this.uid, token: this.#identity.config.token };
  }

  /** Hands a message over in its turn; the client is told once Redis has it, and all before it. Never rejects. */
  #inOrder(publish: () => Promise<void>, tell?: () => void): Promise<void> {
    this.#waiting += 1;
    this.#deps.onWaiting(1);
    const published = publish();
    this.#order = this.#order
      .then(() => published)
      .then(tell)
      .catch((error: unknown) => {
        this.logger.error(errorFields(error), 'a message of a session was not published');
      })
      .finally(() => {
        this.#waiting -= 1;
        this.#deps.onWaiting(-1);
      });
    return this.#order;
  }
}
