import { randomUUID } from 'node:crypto';
import { type AudioConfig, type AudioControl, audioSampleRate } from '@vexa/shared/contracts/audio';
import type { Logger } from '@vexa/shared/logging';
import { AudioRing } from '../audio/audio-ring.ts';
import { isSound } from '../audio/loudness.ts';
import { AudioConnection, type ConnectionEvents } from './audio-connection.ts';
import { createBackoff } from './backoff.ts';
import { type Speaker, SpeakerLog, speakerActivity } from './speaker-log.ts';

/** What all connections of a meeting have in common; read anew for each, so a reconfiguration counts at once. */
export type SessionSettings = Omit<AudioConfig, 'uid' | 'speaker' | 'participant_id' | 'start_timestamp' | 'resumes'>;

interface StreamOptions {
  url: string;
  settings: () => SessionSettings;
  logger: Logger;
  /** Epoch ms of the first sample. */
  startedAt: number;
  keptSeconds?: number;
  /** How long nothing may be heard of a server that has sent a ping. */
  silentMs?: number;
}

interface Session {
  connection: AudioConnection;
  /** Stream position of the session's first sample. */
  base: number;
}

const keptSecondsDefault = 60;
/** A quarter of a second: resent audio goes out in frames like live ones, only faster. */
const frameSamples = audioSampleRate / 4;
const firstRetryMs = 250;
const maxRetryMs = 5_000;
/** A session that lasted this long was a good one: its loss is not held against the server. */
const goodSessionMs = 5_000;
const stalledMs = 60_000;
/** Silence of this length ends a session; the next sound begins another one, with what was just before it. */
const restAfter = 30 * audioSampleRate;
const preRoll = audioSampleRate;

/**
 * One track's audio, mostly one person's, on its way to the transcription service. The last 60 s are kept: after a lost connection a new
 * session takes over from the end of the last final, so nothing between is lost and nothing is told twice. Long silence is
 * not sent: the session ends, and the next one says when it began.
 */
export class ParticipantStream {
  readonly #options: StreamOptions;
  readonly #ring: AudioRing;
  readonly #turns = new SpeakerLog();
  readonly #backoff = createBackoff({ firstMs: firstRetryMs, maxMs: maxRetryMs });
  readonly #closed = Promise.withResolvers<void>();
  #identified = false;
  #speaker: Speaker | undefined;
  #session: Session | undefined;
  /** What the session is to be told as soon as it is ready; its first message was written before. */
  #early: AudioControl[] = [];
  /** The last session that was given audio; a new one supersedes it. */
  #former: { uid: string; base: number } | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #finishTimer: NodeJS.Timeout | undefined;
  #sentTo = 0;
  #finalTo = 0;
  /** Position after the last sound. */
  #soundTo = 0;
  /** Nothing is to be sent until there is a sound again. */
  #rests = false;
  /** What is before this needs no session: it was taken in, or is silence. */
  #doneTo = 0;
  #lost = 0;
  /** Position up to which lost audio has been counted. */
  #lostTo = 0;
  #readyAt = Number.POSITIVE_INFINITY;
  #takenAt = 0;
  #state: 'open' | 'ending' | 'closed' = 'open';

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#ring = new AudioRing((options.keptSeconds ?? keptSecondsDefault) * audioSampleRate);
  }

  /** Whether it was decided whose voice this is, even if that is nobody known. */
  get identified(): boolean {
    return this.#identified;
  }

  /** Whose voice this is, where one person has it alone. */
  get speaker(): Speaker | undefined {
    return this.#speaker;
  }

  /** Epoch ms of the first sample. */
  get startedAt(): number {
    return this.#options.startedAt;
  }

  /** Who was last told to be speaking. */
  get speaking(): Speaker[] {
    return this.#turns.speaking;
  }

  /** Audio that no session ever got, because it waited longer than what is kept. */
  get lostSeconds(): number {
    return this.#lost / audioSampleRate;
  }

  /** Whose voice this is, if that is known; connects. Audio from before is sent too. */
  identify(speaker: Speaker | undefined): void {
    if (this.#identified) return;
    this.#identified = true;
    this.#speaker = speaker;
    this.#connect();
  }

  write(samples: Int16Array, isQuiet = !isSound(samples)): void {
    if (this.#state !== 'open') return;
    this.#ring.append(samples);
    this.#followSound(isQuiet);
    this.#countLost();
    this.#pump();
    this.#dropStalled();
  }

  /** Under a new name a new turn begins: what was said before stays under the old one. */
  setSpeaking(who: Speaker, speaking: boolean, atEpochMs: number): void {
    const known = this.#turns.speakingAs(who.id);
    if (this.#state !== 'open' || (speaking && known?.name === who.name)) return;
    const at = Math.max(0, ((atEpochMs - this.#options.startedAt) / 1000) * audioSampleRate);
    if (known) this.#addTurn({ who: known, at, speaking: false });
    if (speaking) this.#addTurn({ who, at, speaking: true });
  }

  control(control: AudioControl): void {
    const connection = this.#session?.connection;
    if (connection?.ready) connection.sendControl(control);
    else if (connection) this.#early.push(control);
  }

  /**
   * No more audio; resolves when the server has taken in everything, or after the deadline, which a later call
   * sets anew.
   */
  finish(deadlineMs: number): Promise<void> {
    clearTimeout(this.#finishTimer);
    if (this.#state !== 'closed') this.#finishTimer = setTimeout(() => this.#giveUp(), deadlineMs);
    if (this.#state === 'open') {
      this.#state = 'ending';
      this.identify(undefined);
      if (this.#rests && !this.#session && !this.#former) this.#close();
      this.#pump();
    }
    return this.#closed.promise;
  }

  #followSound(isQuiet: boolean): void {
    const isOver = !this.#session && !this.#former;
    if (!isQuiet) {
      this.#soundTo = this.#ring.end;
      if (!this.#rests) return;
      this.#rests = false;
      if (isOver) this.#connect();
    } else if (this.#rests && isOver) {
      this.#doneTo = this.#sentTo = Math.max(this.#doneTo, this.#ring.end - preRoll);
    } else if (this.#session?.connection.ready && this.#ring.end - this.#soundTo >= restAfter) {
      this.#rests = true;
    }
  }

  #connect(): void {
    const oldest = Math.max(this.#doneTo, this.#ring.start);
    const base = this.#former ? Math.max(this.#finalTo, this.#ring.start) : oldest;
    const uid = randomUUID();
    const { url, silentMs } = this.#options;
    const events: ConnectionEvents = {
      onReady: () => this.#ready({ connection, base }),
      onFinal: (endSeconds) => {
        this.#finalTo = Math.max(
          this.#finalTo,
          Math.min(this.#sentTo, base + Math.round(endSeconds * audioSampleRate)),
        );
      },
      onDrain: () => {
        this.#takenAt = performance.now();
        this.#pump();
      },
      onClosed: ({ finished, reason }) => this.#connectionClosed(connection, finished, reason),
    };
    const connection = new AudioConnection(url, this.#configFor(uid, base), events, silentMs);
    this.#session = { connection, base };
    this.#early = [];
  }

  #configFor(uid: string, base: number): AudioConfig {
    const former = this.#former;
    const startMs = this.#options.startedAt + (base / audioSampleRate) * 1000;
    return {
      ...this.#options.settings(),
      uid,
      speaker: this.#speaker?.name ?? null,
      participant_id: this.#speaker?.id ?? null,
      start_timestamp: new Date(startMs).toISOString(),
      ...(former && { resumes: { uid: former.uid, from_seconds: (base - former.base) / audioSampleRate } }),
    };
  }

  #ready(session: Session): void {
    const { connection, base } = session;
    const unconfirmed = this.#former ? Math.max(0, base - this.#finalTo) : 0;
    if (unconfirmed > 0) {
      this.#options.logger.warn(
        { seconds: unconfirmed / audioSampleRate },
        'audio without a final is too old to be sent again',
      );
    }
    this.#former = { uid: connection.uid, base };
    this.#finalTo = Math.max(this.#finalTo, base);
    this.#sentTo = base;
    this.#takenAt = this.#readyAt = performance.now();
    for (const control of this.#early) connection.sendControl(control);
    for (const turn of this.#turns.since(base)) this.#tellTurn(turn, session);
    this.#pump();
  }

  #pump(): void {
    const connection = this.#session?.connection;
    if (!connection || this.#state === 'closed') return;
    while (connection.writable && this.#sentTo < this.#ring.end) {
      const frame = this.#frameAt(this.#sentTo);
      this.#sentTo += frame.length;
      connection.sendAudio(frame);
    }
    if ((this.#state === 'ending' || this.#rests) && this.#sentTo === this.#ring.end) connection.end();
  }

  #connectionClosed(connection: AudioConnection, finished: boolean, reason: string): void {
    if (this.#session?.connection !== connection || this.#state === 'closed') return;
    this.#session = undefined;
    if (finished) {
      this.#former = undefined;
      this.#doneTo = this.#sentTo;
      const needsMore = !this.#rests && (this.#state === 'open' || this.#sentTo < this.#ring.end);
      if (needsMore) this.#connect();
      else if (this.#state === 'ending') this.#close();
      return;
    }
    if (performance.now() - this.#readyAt > goodSessionMs) this.#backoff.reset();
    this.#readyAt = Number.POSITIVE_INFINITY;
    const retryMs = this.#backoff.next();
    this.#options.logger.warn({ uid: connection.uid, reason, retryMs }, 'audio connection lost');
    this.#retryTimer = setTimeout(() => this.#connect(), retryMs);
  }

  /** Where audio was lost the session hears silence instead, so that its time stays the meeting's time. */
  #frameAt(position: number): Int16Array {
    const missing = this.#ring.start - position;
    return missing > 0 ? new Int16Array(Math.min(missing, frameSamples)) : this.#ring.read(position, frameSamples);
  }

  #countLost(): void {
    const kept = Math.max(this.#sentTo, this.#lostTo);
    if (this.#ring.start <= kept) return;
    if (this.#lost === 0) this.#options.logger.error('audio is lost: the transcription service is away or too slow');
    this.#lost += this.#ring.start - kept;
    this.#lostTo = this.#ring.start;
  }

  #dropStalled(): void {
    const stalled = this.#sentTo < this.#ring.end && performance.now() - this.#takenAt > stalledMs;
    if (stalled && this.#session?.connection.ready) this.#session.connection.abandon('the server takes no audio');
  }

  #addTurn(turn: Parameters<SpeakerLog['add']>[0]): void {
    this.#turns.add(turn);
    if (this.#session) this.#tellTurn(turn, this.#session);
  }

  #tellTurn(turn: Parameters<typeof speakerActivity>[0], { connection, base }: Session): void {
    connection.sendControl(speakerActivity(turn, { base, sampleRate: audioSampleRate }));
  }

  #giveUp(): void {
    const buffered = this.#session?.connection.bufferedSamples ?? 0;
    const unsent = buffered + this.#ring.end - Math.max(this.#sentTo, this.#lostTo);
    this.#lost += unsent;
    this.#options.logger.warn(
      { unsentSeconds: unsent / audioSampleRate },
      'the transcription service did not finish in time',
    );
    this.#close();
  }

  #close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#finishTimer);
    this.#session?.connection.abandon('the stream is over');
    this.#closed.resolve();
  }
}
