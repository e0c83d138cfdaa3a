import { StatusPublication } from '@vexa/shared/contracts/live-frames';
import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import { channels } from '@vexa/shared/contracts/redis-names';
import type { LiveEvent, OnLiveEvent } from '@vexa/shared/live/event-stream';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { SharedSubscriber } from '@vexa/shared/redis/shared-subscriber';
import type { Cursor } from '@vexa/shared/transcripts/cursor';
import { readChanges } from '../changes/change-log.ts';
import { findMeetingById } from '../meetings/meeting-store.ts';
import { type ReadDeps, readChangedSegments } from '../transcripts/read-segments.ts';

export interface WatchDeps extends ReadDeps {
  subscriber: SharedSubscriber;
  logger: Logger;
}

const shortestPauseMs = 50;
const lookEveryMs = 5_000;

/**
 * Reads what changes in one meeting, once for all who follow it: whenever something is published about it, at most
 * every 50 ms, and every 5 s in case a publication was lost.
 */
export class MeetingWatch {
  readonly #deps: WatchDeps;
  readonly #meetingId: number;
  readonly #listeners = new Set<OnLiveEvent>();
  readonly #ends: (() => void)[] = [];
  #cursor: Cursor | undefined;
  #status: MeetingStatus | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #again = false;
  /** A read failed: what it would have told is not known. */
  #blind = false;
  #stopped = false;

  constructor(deps: WatchDeps, meetingId: number) {
    this.#deps = deps;
    this.#meetingId = meetingId;
  }

  /** Resolves once everything that happens from then on will be told. */
  async start(): Promise<void> {
    const { subscriber } = this.#deps;
    const listen = async (channel: string, onMessage: (message: string) => void) => {
      const end = await subscriber.subscribe(channel, onMessage);
      if (this.#stopped) end();
      else this.#ends.push(end);
    };
    await Promise.all([
      listen(channels.mutableSegments(this.#meetingId), () => this.#soon(shortestPauseMs)),
      listen(channels.finalizedSegments(this.#meetingId), () => this.#soon(shortestPauseMs)),
      listen(channels.meetingStatus(this.#meetingId), (message) => this.#onStatus(message)),
    ]);
    await this.#read();
  }

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: OnLiveEvent): void {
    this.#listeners.add(listener);
  }

  remove(listener: OnLiveEvent): void {
    this.#listeners.delete(listener);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends) end();
  }

  #onStatus(message: string): void {
    // The status itself is read from the meeting, so that it is never told before the words it follows.
    if (StatusPublication.safeParse(safeJson(message)).success) this.#soon(0);
  }

  #soon(ms: number): void {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#read(), ms);
  }

  async #read(): Promise<void> {
    this.#reading = true;
    this.#again = false;
    try {
      await this.#readOnce();
    } catch (error) {
      this.#blind = true;
      this.#deps.logger.warn({ ...errorFields(error), meeting_id: this.#meetingId }, 'live read will be tried again');
    } finally {
      this.#reading = false;
    }
    if (!this.#stopped) this.#soon(this.#again ? shortestPauseMs : lookEveryMs);
  }

  /** The status first: whatever was said before a meeting ended is then told before its end. */
  async #readOnce(): Promise<void> {
    const { db, redis } = this.#deps;
    const meeting = await findMeetingById(db, this.#meetingId);
    if (this.#cursor) await this.#tellChanges(this.#cursor);
    else this.#cursor = (await readChanges(redis, this.#meetingId, undefined)).cursor;
    if (this.#blind) this.#tell({ type: 'reset' });
    this.#blind = false;
    if (!meeting || meeting.status === this.#status) return;
    const isFirst = this.#status === undefined;
    this.#status = meeting.status;
    // Whoever began to follow was told the status by its own read, unless it ended in between.
    if (!isFirst || isTerminal(meeting.status)) this.#tell({ type: 'status', status: meeting.status });
  }

  async #tellChanges(from: Cursor): Promise<void> {
    const { segments, cursor, partial } = await readChangedSegments(this.#deps, this.#meetingId, from);
    this.#cursor = cursor;
    if (!partial) this.#tell({ type: 'reset' });
    else if (segments.length > 0) this.#tell({ type: 'segments', from, to: cursor, segments });
  }

  #tell(event: LiveEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
