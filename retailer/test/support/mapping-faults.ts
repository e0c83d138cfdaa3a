import { transcriptChecksum } from '@vexa/shared/contracts/transcript';
import type { DbConnection, Sql } from '@vexa/shared/db/client';
import { selectSegments } from '../../src/transcripts/transcript-store.ts';

/**
 * Everything that is wrong between our meetings and the wholesaler's: a meeting nobody holds, a bot nobody here knows,
 * two meetings of one bot, a finished one whose words are not what was verified, or are still at the wholesaler.
 */
export async function findMappingFaults({ db, sql }: DbConnection, wholesaler: Sql): Promise<string[]> {
  const faults: string[] = [];
  const ours = await sql`
    select m.*, (select count(*)::int from user_meetings u where u.meeting_id = m.id) as holders,
      (select count(*)::int from transcriptions t where t.meeting_id = m.id) as segments
    from meetings m order by m.id`;
  const theirs = new Map(
    (
      await wholesaler`
    select m.*, (select count(*)::int from transcriptions t where t.meeting_id = m.id) as segments
    from meetings m`
    ).map((row) => [Number(row.id), row]),
  );
  const known = new Set<number>();
  for (const row of ours) {
    const fault = (what: string) => faults.push(`meeting ${row.id} (${row.platform_specific_id}): ${what}`);
    if (row.holders === 0) fault('nobody holds it');
    const upstreamId = row.wholesaler_meeting_id === null ? undefined : Number(row.wholesaler_meeting_id);
    const upstream = upstreamId === undefined ? undefined : theirs.get(upstreamId);
    if (upstreamId !== undefined) {
      if (known.has(upstreamId)) fault(`shares the wholesaler's ${upstreamId} with another`);
      known.add(upstreamId);
      if (!upstream) fault(`the wholesaler has no ${upstreamId}`);
      else if (upstream.platform_specific_id !== row.platform_specific_id && upstream.redacted_at === null) {
        fault(`the wholesaler's ${upstreamId} is of another room`);
      }
    }
    if (row.transcript_cached_at === null) {
      if (row.segments > 0) fault('has words before they were verified');
      continue;
    }
    if (row.is_live) fault('is finished and live at once');
    if (!row.redacted_at && transcriptChecksum(await selectSegments(db, row.id)) !== row.transcript_checksum) {
      fault('its words do not fit their checksum');
    }
    if (row.wholesaler_cleaned_at !== null && upstream && upstream.segments > 0) fault('its words are still upstream');
  }
  for (const [id, { status }] of theirs) {
    if (!known.has(id) && !['completed', 'failed'].includes(status)) faults.push(`nobody here knows the bot of ${id}`);
  }
  return faults;
}
