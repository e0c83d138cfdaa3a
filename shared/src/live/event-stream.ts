import type { MeetingStatus } from '../contracts/meeting.ts';
import { isTerminal } from '../contracts/meeting-lifecycle.ts';
import type { Segment, Transcript } from '../contracts/transcript.ts';
import { errorFields, type Logger } from '../logging.ts';
import { type Cursor, encodeCursor } from '../transcripts/cursor.ts';

/** What everybody who follows a meeting is told. `from` is where a follower has to stand for it to be complete. */
export type LiveEvent =
  | { type: 'segments'; from: Cursor; to: Cursor; segments: Segment[] }
  | { type: 'reset' }
  | { type: 'status'; status: MeetingStatus };

export type OnLiveEvent = (event: LiveEvent) => void;

/** One meeting as one reader may see it; each product has its own. */
export interface TranscriptFeed {
  meetingId: number;
  /** Resolves once everything that happens from then on will be told. The returned function ends it. */
  follow(onEvent: OnLiveEvent): Promise<() => void>;
  /** All that was said, or only what changed since, and where the reader then stands. */
  read(since: Cursor | undefined): Promise<{ transcript: Transcript; cursor: Cursor }>;
}

export interface EventStreamDeps {
  logger: Logger;
  timing: EventStreamTiming;
}

export interface EventStreamTiming {
  /** A sign of life this often, ms. */
  beatMs: number;
  /** A reader who takes nothing for this long while something waits is dropped, ms. */
  stalledMs: number;
  /** A stream ends after this long, once something was told, so that a client shows its key again, ms. */
  longestMs: number;
}

export const defaultTiming: EventStreamTiming = { beatMs: 15_000, stalledMs: 30_000, longestMs: 600_000 };

export interface Following {
  feed: TranscriptFeed;
  lastSeen: Cursor | undefined;
  /** Ends the connection of a reader who takes nothing: one that waits for room would not notice the stream's end. */
  cut: () => void;
}

const maxWaitingBytes = 256 * 1024;

/**
 * A meeting as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): what was said so far,
 * or since `lastSeen`, and then every change. What waits for a reader is bounded: over it, single changes are forgotten
 * and what changed in the meantime is read anew when the reader takes more.
 */
export function eventStream(deps: EventStreamDeps, following: Following): ReadableStream {
  const follower = new Follower(deps, following);
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => follower.start(controller),
      pull: () => follower.pull(),
      cancel: () => follower.close(),
    },
    { highWaterMark: 1 },
  );
}

class Follower {
  readonly #deps: EventStreamDeps;
  readonly #feed: TranscriptFeed;
  readonly #cut: () => void;
  /** Up to where the reader was told; undefined while that is being read. */
  #position: Cursor | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** The reader has to be told by a read of its own what changed since its position. */
  #behind = true;
  #status: MeetingStatus | undefined;
  #toldStatus: MeetingStatus | undefined;
  #wanted = Promise.withResolvers<void>();
  #waitingSince: number | undefined;
  #unfollow: (() => void) | undefined;
  #beat: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deps: EventStreamDeps, { feed, lastSeen, cut }: Following) {
    this.#deps = deps;
    this.#feed = feed;
    this.#cut = cut;
    this.#position = lastSeen;
  }

  async start(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#controller = controller;
    const { timing } = this.#deps;
    const startedAt = performance.now();
    this.#beat = setInterval(() => this.#onBeat(startedAt), Math.min(timing.beatMs, timing.stalledMs / 2));
    try {
      // Before the first read: what happens during it is then told after it.
      this.#unfollow = await this.#feed.follow((event) => this.#onEvent(event));
    } catch (error) {
      this.#fail(error);
    }
    if (this.#closed) this.#unfollow?.();
  }

  /** Called whenever the reader has room; hands over one chunk. */
  async pull(): Promise<void> {
    this.#waitingSince = undefined;
    try {
      for (;;) {
        if (this.#closed) return;
        const chunk = await this.#next();
        if (this.#closed) return;
        if (chunk !== '') return this.#enqueue(chunk);
        if (this.#isOver()) return this.#end();
        await this.#wanted.promise;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#beat);
    this.#unfollow?.();
    this.#wake();
  }

  async #next(): Promise<string> {
    this.#wanted = Promise.withResolvers();
    let chunk = this.#behind ? await this.#catchUp() : '';
    chunk += this.#takeWaiting();
    if (this.#status !== this.#toldStatus && !this.#behind) {
      this.#toldStatus = this.#status;
      chunk += sse('status', { status: this.#status });
    }
    return chunk;
  }

  async #catchUp(): Promise<string> {
    const from = this.#position;
    this.#takeWaiting();
    this.#behind = false;
    // What is told during the reads may be older or newer than what they give: then all of it is read once more.
    this.#position = undefined;
    const { transcript, cursor } = await this.#feed.read(from);
    this.#position = cursor;
    this.#status = transcript.status;
    if (!transcript.partial) return sse('snapshot', transcript, cursor);
    return transcript.segments.length > 0 ? sse('segments', { segments: transcript.segments }, cursor) : '';
  }

  #takeWaiting(): string {
    const taken = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingBytes = 0;
    return taken;
  }

  #onEvent(event: LiveEvent): void {
    if (!this.#position || event.type === 'reset') this.#behind = true;
    else if (event.type === 'status') this.#status = event.status;
    else this.#onSegments(event, this.#position);
    this.#waitingSince ??= performance.now();
    this.#wake();
  }

  #onSegments({ from, to, segments }: Extract<LiveEvent, { type: 'segments' }>, at: Cursor): void {
    if (this.#behind) return;
    if (at.epoch !== from.epoch || at.seq < from.seq) {
      this.#behind = true;
      return;
    }
    if (at.seq >= to.seq) return;
    const chunk = sse('segments', { segments }, to);
    if (this.#waitingBytes + chunk.length > maxWaitingBytes) {
      this.#behind = true;
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    this.#position = to;
  }

  #onBeat(startedAt: number): void {
    const { stalledMs, longestMs } = this.#deps.timing;
    const now = performance.now();
    if (this.#waitingSince !== undefined && now - this.#waitingSince > stalledMs && !this.#hasRoom()) {
      this.#deps.logger.info({ meeting_id: this.#feed.meetingId }, 'a reader of a live transcript was too slow');
      this.#fail(new Error('reader too slow'));
    } else if (now - startedAt > longestMs && this.#toldStatus !== undefined) this.#end();
    else if (this.#hasRoom()) this.#enqueue(': beat\n\n');
  }

  #hasRoom = (): boolean => (this.#controller?.desiredSize ?? 0) > 0;

  #isOver = (): boolean =>
    this.#status !== undefined && isTerminal(this.#status) && this.#toldStatus === this.#status && !this.#behind;

  #end(): void {
    if (this.#closed) return;
    if (this.#isOver()) this.#enqueue(sse('end', { status: this.#status }));
    this.close();
    this.#controller?.close();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#deps.logger.debug({ ...errorFields(error), meeting_id: this.#feed.meetingId }, 'live transcript ended early');
    this.close();
    this.#cut();
    this.#controller?.close();
  }

  #enqueue(chunk: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(chunk));
  }

  #wake(): void {
    this.#wanted.resolve();
  }
}

/** One event; its id is where a reader that saw it stands. */
const sse = (event: string, data: unknown, id?: Cursor): string =>
  `${id ? `id: ${encodeCursor(id)}\n` : ''}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
