import type { RunningBots } from '@vexa/shared/contracts/meeting';
import type { Db } from '@vexa/shared/db/client';
import type { z } from 'zod';
import { listOpenRunsOfUser } from './bot-run-store.ts';

/** The bots of one user that have not ended, oldest first. */
export async function runningBots(db: Db, userId: number): Promise<z.infer<typeof RunningBots>> {
  const open = await listOpenRunsOfUser(db, userId);
  return {
    running_bots: open.map(({ run, meeting }) => ({
      container_id: run.container_id,
      container_name: run.container_name,
      platform: meeting.platform,
      native_meeting_id: meeting.platform_specific_id,
      status: run.container_id === null ? 'starting' : 'running',
      normalized_status: meeting.status,
      created_at: run.started_at.toISOString(),
      labels: { 'vexa.user_id': String(meeting.user_id), 'vexa.meeting_id': String(meeting.id) },
      meeting_id_from_name: String(meeting.id),
    })),
  };
}
