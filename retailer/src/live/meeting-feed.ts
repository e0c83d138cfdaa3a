import type { LiveFrame } from '@vexa/shared/contracts/live-frames';
import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Segment, Transcript } from '@vexa/shared/contracts/transcript';
import type { OnLiveEvent, TranscriptFeed } from '@vexa/shared/live/event-stream';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { type Cursor, decodeCursor, encodeCursor } from '@vexa/shared/transcripts/cursor';
import type { MeetingRow } from '../meetings/meeting.ts';
import { findMeeting } from '../meetings/meeting-store.ts';
import { readMeeting, type TranscriptDeps } from '../transcripts/get-transcript.ts';
import type { LiveHub } from './live-hub.ts';
import { SegmentLog } from './segment-log.ts';

export interface FeedDeps extends TranscriptDeps {
  hub: LiveHub;
  logger: Logger;
  feedTiming: FeedTiming;
}

export interface FeedTiming {
  /** How often a followed meeting is looked at in our database, ms. */
  lookMs: number;
  /** How often what changed is read upstream beside the live socket, in case a frame was lost, ms. */
  readMs: number;
}

export const defaultFeedTiming: FeedTiming = { lookMs: 5_000, readMs: 15_000 };

/**
 * One followed meeting, kept up to date for all who follow it: by the frames of the live socket, by reads that make up
 * for lost ones, and at its end by the final transcript.
 */
export class MeetingFeed implements TranscriptFeed {
  readonly meetingId: number;
  readonly #deps: FeedDeps;
  readonly #log = new SegmentLog();
  readonly #listeners = new Set<OnLiveEvent>();
  #meeting: MeetingRow;
  #status: MeetingStatus;
  #facts: Omit<Transcript, 'segments' | 'partial'> | undefined;
  /** Where the last read upstream ended. */
  #upstream: Cursor | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;
  #isOver = false;
  #stopped = false;

  constructor(deps: FeedDeps, meeting: MeetingRow) {
    this.#deps = deps;
    this.#meeting = meeting;
    this.#status = meeting.status;
    this.meetingId = meeting.id;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Resolves once all that was said is known. Throws what a read of the transcript throws. */
  async start(): Promise<void> {
    const { platform, platform_specific_id: native_id, id } = this.#meeting;
    const wholesalerId = async () => (await findMeeting(this.#deps.db, id))?.wholesaler_meeting_id ?? undefined;
    const unsubscribe = await this.#deps.hub.subscribe({ id, ref: { platform, native_id }, wholesalerId }, (_, frame) =>
      this.#onFrame(frame),
    );
    if (this.#stopped) return unsubscribe();
    this.#unsubscribe = unsubscribe;
    await this.#read();
    if (!this.#stopped && !this.#isOver)
      this.#timer = setInterval(() => void this.look(), this.#deps.feedTiming.lookMs);
  }

  async follow(onEvent: OnLiveEvent): Promise<() => void> {
    this.#listeners.add(onEvent);
    return () => this.#listeners.delete(onEvent);
  }

  async read(since: Cursor | undefined): Promise<{ transcript: Transcript; cursor: Cursor }> {
    if (!this.#facts) throw new Error('a feed is read before it was started');
    const { cursor } = this.#log;
    const changed = since && this.#log.since(since);
    const transcript: Transcript = {
      ...this.#facts,
      status: this.#status,
      cursor: encodeCursor(cursor),
      ...(changed ? { partial: true } : {}),
      segments: changed ?? this.#log.all(),
    };
    return { transcript, cursor };
  }

  /** Looks now whether the meeting is over, and what the socket may have missed. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        const fields = { ...errorFields(error), meeting_id: this.meetingId };
        this.#deps.logger.debug(fields, 'a followed meeting could not be looked at; it will be again');
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#unsubscribe?.();
  }

  async #look(): Promise<void> {
    if (this.#isOver || this.#stopped) return;
    const row = await findMeeting(this.#deps.db, this.meetingId);
    if (row) this.#meeting = row;
    if (row && !row.is_live) return this.#read();
    this.#setStatus(this.#meeting.status);
    if (performance.now() - this.#readAt >= this.#deps.feedTiming.readMs) await this.#read();
  }

  async #read(): Promise<void> {
    const asOf = this.#log.cursor.seq;
    const { segments, partial, ...facts } = await readMeeting(this.#deps, this.#meeting, this.#upstream);
    if (facts.source === 'stale' && this.#facts) return; // nothing that is not known
    this.#facts = facts;
    if (facts.source === 'live') this.#readAt = performance.now();
    this.#upstream = facts.source === 'live' ? decodeCursor(facts.cursor ?? '') : undefined;
    this.#isOver = facts.source === 'history';
    this.#tellChanges(() => {
      if (this.#isOver) return this.#log.settle(segments);
      return partial ? this.#log.merge(segments) : this.#log.replace(segments, asOf);
    });
    this.#setStatus(facts.status);
    if (this.#isOver) this.stop();
  }

  #onFrame(frame: LiveFrame): void {
    if (frame.type === 'transcript.mutable' || frame.type === 'transcript.finalized') {
      this.#tellChanges(() => this.#log.merge(frame.payload.segments));
    } else if (frame.type === 'meeting.status') {
      this.#setStatus(frame.payload.status);
      // Makes the end known here, which brings the final transcript home.
      if (isTerminal(frame.payload.status)) {
        this.#readAt = Number.NEGATIVE_INFINITY;
        void this.look();
      }
    }
  }

  /** The end is told after the last word only, and that is in the final transcript. */
  #setStatus(status: MeetingStatus): void {
    if (status === this.#status || (isTerminal(status) && !this.#isOver)) return;
    this.#status = status;
    this.#tell({ type: 'status', status });
  }

  #tellChanges(change: () => Segment[]): void {
    const from = this.#log.cursor;
    const segments = change();
    if (segments.length > 0) this.#tell({ type: 'segments', from, to: this.#log.cursor, segments });
  }

  #tell(event: Parameters<OnLiveEvent>[0]): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
