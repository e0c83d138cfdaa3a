/**
 * The rank of one message about a segment, as text that sorts: finals above drafts, then by place in the stream.
 * Whoever compares revisions needs no order of arrival: the greatest one is the truth.
 */
export const revisionOf = (entryId: string, completed: boolean): string =>
  (completed ? '1' : '0') + sortableEntryId(entryId);

export const isFinalRevision = (revision: string): boolean => revision.startsWith('1');

export const revisionLength = 41;

/** Stream ids `ms-seq` as text of one length, so that comparing them as text compares them as numbers. */
export function sortableEntryId(entryId: string): string {
  const [ms = '0', seq = '0'] = entryId.split('-');
  return ms.padStart(20, '0') + seq.padStart(20, '0');
}

/** When Redis took the message in, in ms since the epoch. */
export const revisionTimeMs = (revision: string): number => Number(revision.slice(1, 21));
