import type { SearchHit, SearchResults } from '../contracts/transcript.ts';
import { decodeIdCursor, encodeIdCursor } from '../http/cursor.ts';

interface Search {
  q: string;
  limit: number;
  cursor?: string | undefined;
}

export interface HitQuery {
  q: string;
  beforeId: number | undefined;
  limit: number;
}

/** A hit with the id of its row, by which the list is ordered. */
export interface FoundHit {
  id: number;
  hit: SearchHit;
}

/**
 * One page of what `select` finds, the latest stored first. Words can be found once they no longer change. Throws
 * `validation_error` for a cursor that is not one of this list.
 */
export async function searchPage(
  { q, limit, cursor }: Search,
  select: (query: HitQuery) => Promise<FoundHit[]>,
): Promise<SearchResults> {
  const beforeId = cursor === undefined ? undefined : decodeIdCursor(cursor);
  const found = await select({ q, beforeId, limit: limit + 1 });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    hits: page.map(({ hit }) => hit),
    next_cursor: found.length > limit && last ? encodeIdCursor(last.id) : null,
  };
}
