import type { SearchResults } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import { decodeIdCursor, encodeIdCursor } from '@vexa/shared/http/cursor';
import { selectHits } from './search-store.ts';

interface Search {
  userId: number;
  q: string;
  limit: number;
  cursor: string | undefined;
}

/**
 * Where a user's own stored transcripts hold the words, the latest stored first. Words can be found some seconds after
 * they were said, once they no longer change. Throws `validation_error` for a cursor that is not one of this list.
 */
export async function searchTranscripts(db: Db, { userId, q, limit, cursor }: Search): Promise<SearchResults> {
  const beforeId = cursor === undefined ? undefined : decodeIdCursor(cursor);
  const found = await selectHits(db, { userId, q, beforeId, limit: limit + 1 });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    hits: page.map(({ hit }) => hit),
    next_cursor: found.length > limit && last ? encodeIdCursor(last.id) : null,
  };
}
