import { defaultDropPatterns } from './patterns.ts';
import { wordsOf } from './words.ts';

/** What a filter may look at; times are seconds of the segment's session. Of a name only what the message gave is known. */
export interface FilteredSegment {
  text: string;
  language?: string | null;
  speaker?: string | null;
  start?: number;
  end?: number;
}

/**
 * True for segments worth keeping. It is asked about every draft, at each read and once more before a segment is stored,
 * so the same segment must always get the same answer, and quickly.
 */
export type SegmentFilter = (segment: FilteredSegment) => boolean;

export interface FilterRules {
  /** What any of them matches is dropped; left out: the known silence hallucinations. */
  dropPatterns?: readonly RegExp[] | undefined;
  /** A segment is dropped when all its words are among these, in lower case. */
  stopwords?: ReadonlySet<string> | undefined;
  /** Fewest letters and digits. */
  minCharacters?: number | undefined;
  custom?: SegmentFilter | undefined;
}

/** Drops what is empty, and what any of the rules drops. */
export function createSegmentFilter(rules: FilterRules = {}): SegmentFilter {
  const { dropPatterns = defaultDropPatterns, stopwords = new Set(), minCharacters = 0, custom } = rules;
  return (segment) => {
    const { text } = segment;
    if (text.trim() === '' || dropPatterns.some((pattern) => pattern.test(text))) return false;
    if (minCharacters > 0 && countLettersAndDigits(text) < minCharacters) return false;
    if (stopwords.size > 0 && wordsOf(text).every((word) => stopwords.has(word))) return false;
    return custom === undefined || custom(segment);
  };
}

const countLettersAndDigits = (text: string): number => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
