import { type AudioControl, audioSampleRate } from '@vexa/shared/contracts/audio';
import type { Logger } from '@vexa/shared/logging';
import type { AudioChunk, PageView, PersonSeen } from '../page/messages.ts';
import type { Voices } from '../recipes/recipe.ts';
import { ParticipantStream, type SessionSettings } from '../transcription/participant-stream.ts';
import type { Speaker } from '../transcription/speaker-log.ts';
import { binMs, TrackOwners } from './attribution.ts';
import { isDigitalSilence, isSound } from './loudness.ts';

interface Options {
  voices: Voices;
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

/**
 * Everybody's audio of one meeting: each captured track goes out as a stream of its own, under its person's name. Where
 * a track is not a person's, the stream has no name and is told who speaks when instead.
 */
export class MeetingAudio {
  readonly #options: Options;
  readonly #voices = new Map<number, Voice>();
  readonly #leaving = new Set<ParticipantStream>();
  #lostSeconds = 0;
  #samplesHeard = 0;
  #lastSoundAt: number | undefined;
  #people: PersonSeen[] = [];
  readonly #owners = new TrackOwners();
  /** The last name each person was seen with. */
  readonly #names = new Map<string, string>();

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
    if (this.#options.voices === 'switched-tracks') this.#hearSwitched(track, at, samples);
    if (voice && !voice.stream.identified) this.#identify(track, voice);
  }

  see({ at, people, tracks }: PageView): void {
    this.#people = people;
    for (const { id, name } of people) if (name) this.#names.set(id, name);
    for (const [track, voice] of this.#voices) {
      if (!tracks.includes(track)) this.#end(track, voice);
      else if (this.#options.voices === 'own-tracks') this.#seeOwner(track, voice);
      else if (this.#options.voices === 'mixed') this.#seeSpeakers(voice.stream);
    }
    if (this.#options.voices === 'switched-tracks') this.#seeSwitched(at);
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

  #seeOwner(track: number, voice: Voice): void {
    const person = this.#personOf(track);
    const { stream } = voice;
    if (!stream.identified) this.#identify(track, voice);
    // Under a new name a new stream begins: what was said before stays under the old one.
    else if (person?.name && stream.speaker && person.name !== stream.speaker.name) this.#end(track, voice);
    if (person && stream.speaker) stream.setSpeaking(stream.speaker, person.speaking, Date.now());
  }

  #identify(track: number, { stream, firstAt }: Voice): void {
    const person = this.#personOf(track);
    if (this.#options.voices !== 'own-tracks') {
      stream.identify(undefined);
      if (this.#options.voices === 'mixed') this.#seeSpeakers(stream);
    } else if (person?.name) {
      stream.identify({ id: person.id, name: person.name });
      stream.setSpeaking({ id: person.id, name: person.name }, person.speaking, Date.now());
    } else if (performance.now() - firstAt > nameTimeoutMs) {
      this.#options.logger.warn({ track }, 'nobody is seen who belongs to this voice');
      stream.identify(undefined);
    }
  }

  /** One stream with everybody in it: who speaks is what the tiles show. */
  #seeSpeakers(stream: ParticipantStream): void {
    const speaking = this.#people.filter((person) => person.speaking && person.name && !person.self);
    const now = Date.now();
    for (const who of stream.speaking) {
      if (!speaking.some(({ id }) => id === who.id)) stream.setSpeaking(who, false, now);
    }
    for (const { id, name } of speaking) stream.setSpeaking({ id, name }, true, now);
  }

  #hearSwitched(track: number, at: number, samples: Int16Array): void {
    const perBin = (binMs * audioSampleRate) / 1000;
    for (let from = 0; from < samples.length; from += perBin) {
      const bin = samples.subarray(from, from + perBin);
      const endsAt = at - ((samples.length - from - bin.length) / audioSampleRate) * 1000;
      if (isSound(bin)) this.#owners.hear(track, endsAt, (bin.length / audioSampleRate) * 1000);
    }
    this.#tellTurns(at);
  }

  #seeSwitched(at: number): void {
    const speaking = this.#people.filter((person) => person.speaking && !person.self);
    this.#owners.see(new Set(speaking.map(({ id }) => id)), at);
    this.#tellTurns(at);
  }

  /** Told by the page's clock: what comes late from a busy page is then decided as late. */
  #tellTurns(now: number): void {
    for (const { track, person: id, speaking, at } of this.#owners.decide(now)) {
      const name = this.#names.get(id);
      const who: Speaker | undefined = name ? { id, name } : undefined;
      if (who) this.#voices.get(track)?.stream.setSpeaking(who, speaking, at);
    }
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
