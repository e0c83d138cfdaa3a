import type { LiveEvent, TranscriptFeed } from '@vexa/shared/live/event-stream';
import type { HeldMeeting } from '../meetings/meeting.ts';
import { finalCursor, readMeeting } from '../transcripts/get-transcript.ts';
import { readableSince, visibleSegments } from '../transcripts/visible-segments.ts';
import { type FeedDeps, MeetingFeed } from './meeting-feed.ts';

interface Entry {
  feed: MeetingFeed;
  started: Promise<void>;
  leaving: NodeJS.Timeout | undefined;
}

/** A meeting stays known this long after its last follower left, so that one who comes back is told only what is new. */
const lingerMs = 60_000;

/** The meetings that somebody follows as server-sent events, each kept up to date once for all of them. */
export class TranscriptFeeds implements Disposable {
  readonly #deps: FeedDeps;
  readonly #entries = new Map<number, Entry>();

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  /** Number of followers. */
  get size(): number {
    return [...this.#entries.values()].reduce((sum, { feed }) => sum + feed.size, 0);
  }

  /** The meeting as its holder may see it. Throws what a read of its transcript throws. */
  async open({ meeting, link }: HeldMeeting): Promise<TranscriptFeed> {
    const since = readableSince(this.#deps.lateReaders, link);
    if (!meeting.is_live && !this.#entries.has(meeting.id)) return visibleTo(since, this.#history(meeting));
    const entry = this.#entries.get(meeting.id) ?? this.#start(meeting);
    clearTimeout(entry.leaving);
    try {
      await entry.started;
    } catch (error) {
      this.#drop(meeting.id, entry);
      throw error;
    }
    this.#leaveLater(meeting.id, entry);
    return visibleTo(since, {
      meetingId: meeting.id,
      read: (seen) => entry.feed.read(seen),
      follow: async (onEvent) => {
        clearTimeout(entry.leaving);
        const end = await entry.feed.follow(onEvent);
        return () => {
          end();
          this.#leaveLater(meeting.id, entry);
        };
      },
    });
  }

  /** The final transcript of a meeting is here: its followers are told the rest and the end. */
  finish(meetingId: number): void {
    void this.#entries.get(meetingId)?.feed.look();
  }

  [Symbol.dispose](): void {
    for (const [id, entry] of this.#entries) this.#drop(id, entry);
  }

  #start(meeting: HeldMeeting['meeting']): Entry {
    const feed = new MeetingFeed(this.#deps, meeting);
    const entry: Entry = { feed, started: feed.start(), leaving: undefined };
    this.#entries.set(meeting.id, entry);
    return entry;
  }

  #leaveLater(id: number, entry: Entry): void {
    clearTimeout(entry.leaving);
    if (entry.feed.size > 0) return;
    entry.leaving = setTimeout(() => {
      if (entry.feed.size === 0) this.#drop(id, entry);
    }, lingerMs).unref();
  }

  #drop(id: number, entry: Entry): void {
    clearTimeout(entry.leaving);
    entry.feed.stop();
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
  }

  /** A meeting that is over: nothing happens there any more. */
  #history(meeting: HeldMeeting['meeting']): TranscriptFeed {
    const cursor = finalCursor(meeting);
    return {
      meetingId: meeting.id,
      follow: async () => () => {},
      read: async (since) => ({ transcript: await readMeeting(this.#deps, meeting, since), cursor }),
    };
  }
}

function visibleTo(since: Date | undefined, feed: TranscriptFeed): TranscriptFeed {
  if (!since) return feed;
  const visible = (event: LiveEvent): LiveEvent =>
    event.type === 'segments' ? { ...event, segments: visibleSegments(event.segments, since) } : event;
  return {
    meetingId: feed.meetingId,
    follow: (onEvent) => feed.follow((event) => onEvent(visible(event))),
    async read(seen) {
      const { transcript, cursor } = await feed.read(seen);
      return { transcript: { ...transcript, segments: visibleSegments(transcript.segments, since) }, cursor };
    },
  };
}
