import type { Segment } from '@vexa/shared/contracts/transcript';
import { isGone } from './changes.ts';

/** What somebody who joins a shared meeting late may read of it: all, or what was said since they asked for the bot. */
export const lateReaders = ['all', 'since_attached'] as const;
export type LateReaders = (typeof lateReaders)[number];

/** From when on a user may read; undefined is from the beginning. */
export const readableSince = (lateReaders: LateReaders, link: { created_at: Date }): Date | undefined =>
  lateReaders === 'all' ? undefined : link.created_at;

/** A sentence that was being said at that moment counts as heard. Segments that are gone have no words to hide. */
export function visibleSegments(segments: Segment[], since: Date | undefined): Segment[] {
  if (!since) return segments;
  return segments.filter(
    (segment) =>
      isGone(segment) ||
      (segment.absolute_end_time !== null && Date.parse(segment.absolute_end_time) >= since.getTime()),
  );
}
