import { bySpokenOrder, type Segment } from '@vexa/shared/contracts/transcript';

/** The form in which a change says that a segment was taken back. */
export const isGone = ({ text }: Segment): boolean => text === '';

/** A transcript after some changes to it. */
export function applyChanges(segments: readonly Segment[], changes: readonly Segment[]): Segment[] {
  const all = new Map([...segments, ...changes].map((segment) => [segment.segment_id, segment]));
  return [...all.values()].filter((segment) => !isGone(segment)).sort(bySpokenOrder);
}
