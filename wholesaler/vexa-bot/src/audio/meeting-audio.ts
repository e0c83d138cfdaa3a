import { type AudioControl, audioSampleRate } from '@vexa/shared/contracts/audio';
import type { Logger } from '@vexa/shared/logging';
import type { AudioChunk, PageView, PersonSeen } from '../page/messages.ts';
import type { Voices } from '../recipes/recipe.ts';
import { ParticipantStream, type SessionSettings } from '../transcription/participant-stream.ts';
import type { Speaker } from '../transcription/speaker-log.ts';
import { binMs, TrackOwners } from './attribution.ts';
import { isDigitalSilence, isSound } from './loudness.ts';
import { TileLag } from './tile-lag.ts';
import { TrackClock } from './track-clock.ts';

interface Options {
  voices: Voices;
  whisperLiveUrl: string;
  settings: () => SessionSettings;
  logger: Logger;
}

interface Voice {
  stream: ParticipantStream;
  clock: TrackClock;
  firstAt: number;
}

/** The parts of a piece that ends at `at` in which something is heard, in epoch ms. */
function loudBins(samples: Int16Array, at: number): { from: number; to: number }[] {
  const perBin = (binMs * audioSampleRate) / 1000;
  const count = Math.ceil(samples.length / perBin);
  return Array.from({ length: count }, (_, bin) => bin).flatMap((bin) => {
    if (!isSound(samples.subarray(bin * perBin, (bin + 1) * perBin))) return [];
    const to = at - (count - 1 - bin) * binMs;
    return [{ from: to - binMs, to }];
  });
}

/** A tile may come after its track; a voice without any tile is sent without a name rather than not at all. */
const nameTimeoutMs = 15_000;
const leaveTimeoutMs = 10_000;
/** A first word at the very beginning of a stream is easily missed. */
const silenceBefore = new Int16Array(audioSampleRate / 2);

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
  /** When the page looked like that, by its clock: a busy page tells late, and its audio is timed by the same clock. */
  #seenAt = 0;
  readonly #owners = new TrackOwners();
  readonly #lag = new TileLag();
  /** Since when those speak whose tiles are lit, in epoch ms. */
  readonly #began = new Map<string, number>();
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
    const isQuiet = !isSound(samples);
    if (!isQuiet) {
      this.#samplesHeard += samples.length;
      this.#lastSoundAt = performance.now();
    }
    const voice = this.#voices.get(track) ?? this.#begin(track, at, samples);
    if (voice) this.#write(track, voice, { at, samples, isQuiet });
    for (const { from, to } of isQuiet ? [] : loudBins(samples, at)) {
      if (this.#options.voices === 'mixed') this.#lag.hear(from, to);
      else if (this.#options.voices === 'switched-tracks') this.#owners.hear(track, to, to - from);
    }
    if (this.#options.voices === 'switched-tracks') this.#tellTurns(at);
    if (voice && !voice.stream.identified) this.#identify(track, voice);
  }

  see({ at, people, tracks }: PageView): void {
    this.#people = people;
    this.#seenAt = at;
    for (const { id, name } of people) if (name) this.#names.set(id, name);
    for (const [track, voice] of this.#voices) {
      if (!tracks.includes(track)) this.#end(track, voice);
      else if (this.#options.voices === 'own-tracks') this.#seeOwner(track, voice);
    }
    if (this.#options.voices === 'mixed') this.#seeSpeakers();
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
    const heardAt = at - (samples.length / audioSampleRate) * 1000;
    const startedAt = heardAt - (silenceBefore.length / audioSampleRate) * 1000;
    const stream = new ParticipantStream({ url: whisperLiveUrl, settings, logger: logger.child({ track }), startedAt });
    stream.write(silenceBefore, true);
    const voice = { stream, clock: new TrackClock(heardAt), firstAt: performance.now() };
    this.#voices.set(track, voice);
    return voice;
  }

  #write(track: number, { stream, clock }: Voice, piece: { at: number; samples: Int16Array; isQuiet: boolean }): void {
    const { at, samples, isQuiet } = piece;
    const correction = clock.follow(at, samples.length, isQuiet);
    if (correction === undefined) {
      this.#end(track, { stream });
      const next = this.#begin(track, at, samples);
      if (next) this.#write(track, next, piece);
      return;
    }
    if (correction > 0) stream.write(new Int16Array(correction), true);
    if (correction > -samples.length) stream.write(samples.subarray(Math.max(0, -correction)), isQuiet);
  }

  #seeOwner(track: number, voice: Voice): void {
    const person = this.#personOf(track);
    const { stream } = voice;
    if (!stream.identified) this.#identify(track, voice);
    // Under a new name a new stream begins: what was said before stays under the old one.
    else if (person?.name && stream.speaker && person.name !== stream.speaker.name) this.#end(track, voice);
    if (person && stream.speaker) stream.setSpeaking(stream.speaker, person.speaking, this.#seenAt);
    // A stream that had to begin without a name is theirs from its beginning.
    else if (person?.name && stream.identified) {
      stream.setSpeaking(this.#known(person.id), true, stream.speaking.length > 0 ? this.#seenAt : stream.startedAt);
    }
  }

  #identify(track: number, { stream, firstAt }: Voice): void {
    const person = this.#personOf(track);
    if (this.#options.voices !== 'own-tracks') {
      stream.identify(undefined);
      if (this.#options.voices === 'mixed') this.#seeSpeakers();
    } else if (person?.name) {
      stream.identify({ id: person.id, name: person.name });
      stream.setSpeaking({ id: person.id, name: person.name }, person.speaking, this.#seenAt);
    } else if (performance.now() - firstAt > nameTimeoutMs) {
      this.#options.logger.warn({ track }, 'nobody is seen who belongs to this voice');
      stream.identify(undefined);
    }
  }

  /** Streams with everybody in them: who speaks is what the tiles show, as late as they do. */
  #seeSpeakers(): void {
    const streams = [...this.#voices.values()].map(({ stream }) => stream);
    const lit = this.#people.filter((person) => person.speaking && !person.self).map(({ id }) => id);
    for (const id of this.#began.keys()) {
      if (lit.includes(id)) continue;
      const endedAt = this.#lag.endedAt(id, this.#seenAt);
      for (const stream of streams) stream.setSpeaking(this.#known(id), false, endedAt);
      this.#began.delete(id);
    }
    for (const id of lit) {
      const isNew = !this.#began.has(id);
      if (isNew) this.#began.set(id, this.#lag.beganAt(id, this.#seenAt, lit.length === 1));
      for (const stream of streams) {
        const isKnown = stream.speaking.some((who) => who.id === id);
        stream.setSpeaking(this.#known(id), true, isKnown ? this.#seenAt : (this.#began.get(id) ?? this.#seenAt));
      }
    }
  }

  #seeSwitched(at: number): void {
    const speaking = this.#people.filter((person) => person.speaking && !person.self);
    this.#owners.see(new Set(speaking.map(({ id }) => id)), at);
    this.#tellTurns(at);
  }

  /** Told by the page's clock: what comes late from a busy page is then decided as late. */
  #tellTurns(now: number): void {
    for (const { track, person: id, speaking, at } of this.#owners.decide(now)) {
      this.#voices.get(track)?.stream.setSpeaking(this.#known(id), speaking, at);
    }
  }

  /** Somebody who was never seen with a name is somebody all the same: their words are not another’s. */
  #known = (id: string): Speaker => ({ id, name: this.#names.get(id) ?? '' });

  #personOf = (track: number): PersonSeen | undefined => this.#people.find(({ tracks }) => tracks.includes(track));

  #end(track: number, { stream }: Pick<Voice, 'stream'>): void {
    this.#voices.delete(track);
    this.#leaving.add(stream);
    void stream.finish(leaveTimeoutMs).then(() => {
      this.#lostSeconds += stream.lostSeconds;
      this.#leaving.delete(stream);
    });
  }
}
