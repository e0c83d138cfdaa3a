import type { Meeting } from '@vexa/shared/contracts/meeting';
import type { MeetingRow } from './meeting-store.ts';

/** The public form of a meeting. */
export const toMeeting = (row: MeetingRow): Meeting => ({
  id: row.id,
  user_id: row.user_id,
  platform: row.platform,
  native_meeting_id: row.platform_specific_id,
  constructed_meeting_url: row.meeting_url,
  status: row.status,
  completion_reason: row.completion_reason,
  failure_stage: row.failure_stage,
  bot_container_id: row.bot_container_id,
  start_time: row.start_time?.toISOString() ?? null,
  end_time: row.end_time?.toISOString() ?? null,
  data: row.data,
  metadata: row.metadata,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});
