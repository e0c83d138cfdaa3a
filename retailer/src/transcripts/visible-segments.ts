import type { Segment } from '@vexa/shared/contracts/transcript';

/** What somebody who joins a shared meeting late may read of it: all, or what was said since they asked for the bot. */
export const lateReaders = ['all', 'since_attached'] as const;
export type LateReaders = (typeof lateReaders)[number];

/** From when on a user may read; undefined is from the beginning. */
export const readableSince = (lateReaders: LateReaders, link: { created_at: Date }): Date | undefined =>
  lateReaders === 'all' ? undefined : link.created_at;

/** A sentence that was being said at that moment counts as heard. */
export function visibleSegments(segments: Segment[], since: Date | undefined): Segment[] {
  if (!since) return segments;
  return segments.filter(({ absolute_end_time: end }) => end !== null && Date.parse(end) >= since.getTime());
}
