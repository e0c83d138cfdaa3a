import { type AudioControl, audioSampleRate } from '@vexa/shared/contracts/audio';
import type { Logger } from '@vexa/shared/logging';
import type { AudioChunk, PageView, PersonSeen } from '../page/messages.ts';
import { ParticipantStream, type SessionSettings } from '../transcription/participant-stream.ts';
import { isDigitalSilence, isSound } from './loudness.ts';

interface Options {
  whisperLiveUrl: string;
  settings: () => SessionSettings;
  logger: Logger;
}

interface Voice {
  stream: ParticipantStream;
  firstAt: number;
}

/** A tile may come after its track; a voice without any tile is sent without a name rather than not at all. */
const nameTimeoutMs = 15_000;
const leaveTimeoutMs = 10_000;

/** Everybody's audio of one meeting: each captured track goes out as a stream of its own, under its person's name. */
export class MeetingAudio {
  readonly #options: Options;
  readonly #voices = new Map<number, Voice>();
  readonly #leaving = new Set<ParticipantStream>();
  #lostSeconds = 0;
  #samplesHeard = 0;
  #lastSoundAt: number | undefined;
  #people: PersonSeen[] = [];

  constructor(options: Options) {
    this.#options = options;
  }

  /** Seconds in which somebody could be heard, added up over all participants. */
  get heardSeconds(): number {
    return this.#samplesHeard / audioSampleRate;
  }

  /** Seconds of audio that could not be handed over. */
  get lostSeconds(): number {
    return [...this.#voices.values()].reduce((sum, { stream }) => sum + stream.lostSeconds, this.#lostSeconds);
  }

  /** On the clock of `performance.now()`. */
  get lastSoundAt(): number | undefined {
    return this.#lastSoundAt;
  }

  receive({ track, at, samples }: AudioChunk): void {
    if (isSound(samples)) {
      this.#samplesHeard += samples.length;
      this.#lastSoundAt = performance.now();
    }
    const voice = this.#voices.get(track) ?? this.#begin(track, at, samples);
    voice?.stream.write(samples);
    if (voice && !voice.stream.identified) this.#identify(track, voice);
  }

  see({ people, tracks }: PageView): void {
    this.#people = people;
    for (const [track, voice] of this.#voices) {
      if (!voice.stream.identified) this.#identify(track, voice);
      const person = this.#personOf(track);
      if (person) voice.stream.setSpeaking(person.speaking, Date.now());
      if (!tracks.includes(track)) this.#end(track, voice);
    }
  }

  control(control: AudioControl): void {
    for (const { stream } of this.#voices.values()) stream.control(control);
  }

  /** The page is gone: nothing more will come of the tracks it had. */
  endAll(): void {
    this.#people = [];
    for (const [track, voice] of this.#voices) this.#end(track, voice);
  }

  /** Ends every stream and resolves when all are taken in, or at the deadline. */
  async finish(deadlineMs: number): Promise<void> {
    this.endAll();
    await Promise.all([...this.#leaving].map((stream) => stream.finish(deadlineMs)));
  }

  /** A microphone that is off sends exact zeros; a stream begins with the first sound of it. */
  #begin(track: number, at: number, samples: Int16Array): Voice | undefined {
    if (isDigitalSilence(samples)) return undefined;
    const { whisperLiveUrl, settings, logger } = this.#options;
    const startedAt = at - (samples.length / audioSampleRate) * 1000;
    const stream = new ParticipantStream({ url: whisperLiveUrl, settings, logger: logger.child({ track }), startedAt });
    const voice = { stream, firstAt: performance.now() };
    this.#voices.set(track, voice);
    return voice;
  }

  #identify(track: number, { stream, firstAt }: Voice): void {
    const person = this.#personOf(track);
    if (person?.name) stream.identify({ id: person.id, name: person.name });
    else if (performance.now() - firstAt > nameTimeoutMs) {
      this.#options.logger.warn({ track }, 'nobody is seen who belongs to this voice');
      stream.identify(undefined);
    }
    if (person && stream.identified) stream.setSpeaking(person.speaking, Date.now());
  }

  #personOf = (track: number): PersonSeen | undefined => this.#people.find(({ tracks }) => tracks.includes(track));

  #end(track: number, { stream }: Voice): void {
    this.#voices.delete(track);
    this.#leaving.add(stream);
    void stream.finish(leaveTimeoutMs).then(() => {
      this.#lostSeconds += stream.lostSeconds;
      this.#leaving.delete(stream);
    });
  }
}
