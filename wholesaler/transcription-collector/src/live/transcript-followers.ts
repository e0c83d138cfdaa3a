import type { OnLiveEvent } from '@vexa/shared/live/event-stream';
import { MeetingWatch, type WatchDeps } from './meeting-watch.ts';

/** The meetings that somebody follows; each is watched once, from its first follower to its last. */
export class TranscriptFollowers implements Disposable {
  readonly #deps: WatchDeps;
  readonly #watches = new Map<number, { watch: MeetingWatch; started: Promise<void> }>();

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** Number of followers. */
  get size(): number {
    return [...this.#watches.values()].reduce((sum, { watch }) => sum + watch.size, 0);
  }

  /** Resolves once nothing is missed any more. The returned function ends it. */
  async follow(meetingId: number, onEvent: OnLiveEvent): Promise<() => void> {
    const entry = this.#watches.get(meetingId) ?? this.#start(meetingId);
    entry.watch.add(onEvent);
    const end = () => {
      entry.watch.remove(onEvent);
      if (entry.watch.size > 0) return;
      entry.watch.stop();
      if (this.#watches.get(meetingId) === entry) this.#watches.delete(meetingId);
    };
    try {
      await entry.started;
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const { watch } of this.#watches.values()) watch.stop();
    this.#watches.clear();
  }

  #start(meetingId: number) {
    const watch = new MeetingWatch(this.#deps, meetingId);
    const entry = { watch, started: watch.start() };
    this.#watches.set(meetingId, entry);
    return entry;
  }
}
