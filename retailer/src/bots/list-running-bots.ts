import type { RunningBots } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import type { z } from 'zod';
import { botName, isRunning } from '../meetings/meeting.ts';
import { selectAttended } from '../meetings/meeting-store.ts';
import { type Refresh, refreshIfPossible } from '../meetings/refresh-meeting.ts';

/** The user's bots. Names and labels of the wholesaler's containers say nothing of ours and are left out. */
export async function listRunningBots(
  { db, refresh }: { db: Db; refresh: Refresh },
  userId: number,
): Promise<z.infer<typeof RunningBots>> {
  const attended = await selectAttended(db, userId);
  const meetings = await Promise.all(attended.map(({ meeting }) => refreshIfPossible(refresh, meeting)));
  return {
    running_bots: meetings.filter(isRunning).map((meeting) => ({
      container_id: botName(meeting),
      container_name: botName(meeting),
      platform: meeting.platform,
      native_meeting_id: meeting.platform_specific_id,
      status: meeting.status,
      normalized_status: meeting.status,
      created_at: meeting.created_at.toISOString(),
      labels: {},
      meeting_id_from_name: String(meeting.id),
    })),
  };
}
