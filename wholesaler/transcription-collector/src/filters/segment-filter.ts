import { defaultDropPatterns } from './patterns.ts';

/** True for segments worth keeping. Sees the text only; the same text always gets the same answer. */
export type SegmentFilter = (segment: { text: string }) => boolean;

/** Drops what any pattern matches; without patterns, the known silence hallucinations. */
export function createSegmentFilter(dropPatterns: readonly RegExp[] = defaultDropPatterns): SegmentFilter {
  return ({ text }) => text.trim() !== '' && !dropPatterns.some((pattern) => pattern.test(text));
}
