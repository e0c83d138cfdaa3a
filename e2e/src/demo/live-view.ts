import type { Segment } from '@vexa/shared/contracts/transcript';
import { followLive } from '@vexa/shared/testing/follow-live';

/** What a live reader saw of one segment, and when (ms since the epoch). */
export interface SeenSegment {
  segment: Segment;
  firstSeenAt: number;
  completedAt: number | undefined;
}

export interface LiveView extends AsyncDisposable {
  readonly seen: ReadonlyMap<string, SeenSegment>;
}

interface LiveViewOptions {
  url: string;
  key: string;
  nativeId: string;
  onSegment?: (segment: Segment) => void;
}

/** Follows one meeting over `/ws` as a user would, and remembers when each segment appeared and was completed. */
export async function openLiveView({ url, key, nativeId, onSegment }: LiveViewOptions): Promise<LiveView> {
  const seen = new Map<string, SeenSegment>();
  const live = await followLive({
    ...{ url, key, nativeId },
    onSegment: (segment) => record(seen, segment, Date.now(), onSegment),
  });
  return { seen, [Symbol.asyncDispose]: () => live[Symbol.asyncDispose]() };
}

function record(
  seen: Map<string, SeenSegment>,
  segment: Segment,
  now: number,
  onSegment: ((segment: Segment) => void) | undefined,
): void {
  if (segment.completed && !segment.text) {
    seen.delete(segment.segment_id); // what was shown as a draft is taken back
    return;
  }
  const before = seen.get(segment.segment_id);
  if (before?.completedAt !== undefined) return;
  seen.set(segment.segment_id, {
    segment,
    firstSeenAt: before?.firstSeenAt ?? now,
    completedAt: segment.completed ? now : undefined,
  });
  onSegment?.(segment);
}
