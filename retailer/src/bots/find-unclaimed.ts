import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Db } from '@vexa/shared/db/client';
import type { MeetingRow } from '../meetings/meeting.ts';
import { isKnownUpstream } from '../meetings/meeting-store.ts';
import { askUpstream } from '../meetings/refresh-meeting.ts';
import type { UpstreamMeeting, WholesalerClient } from '../wholesaler/client.ts';

const clockSkewMs = 60_000;

/**
 * The meeting at the wholesaler that an unanswered start of ours made: the latest under the native id, if no other
 * meeting of ours has it and it is not older than ours. An older one is somebody else's, and its words are theirs.
 */
export async function findUnclaimed(
  { db, client }: { db: Db; client: Pick<WholesalerClient, 'meeting'> },
  meeting: MeetingRow,
): Promise<UpstreamMeeting | undefined> {
  const found = await askUpstream(client, { platform: meeting.platform, nativeId: meeting.platform_specific_id });
  if (!found || isTerminal(found.status)) return undefined;
  if (Date.parse(found.created_at) < meeting.created_at.getTime() - clockSkewMs) return undefined;
  return (await isKnownUpstream(db, found.id)) ? undefined : found;
}
