import { type Meeting, MeetingStatus } from '@vexa/shared/contracts/meeting';
import { isTerminal, statusesBefore } from '@vexa/shared/contracts/meeting-lifecycle';
import type { Platform } from '@vexa/shared/contracts/platform';
import type { meetings, userMeetings } from '../db/schema.ts';
import type { UpstreamRef } from '../wholesaler/client.ts';

export type MeetingRow = typeof meetings.$inferSelect;
export type LinkRow = typeof userMeetings.$inferSelect;

/** A meeting together with what ties one user to it. */
export interface HeldMeeting {
  meeting: MeetingRow;
  link: LinkRow;
}

export interface MeetingRef {
  platform: Platform;
  nativeId: string;
  /** Our own id; without it the latest under the native id. */
  meetingId?: number | undefined;
}

/** Not over, as far as we know. */
export const isRunning = (meeting: MeetingRow): boolean =>
  !isTerminal(meeting.status) && meeting.ended_upstream_at === null;

/**
 * Every status from which the lifecycle leads to `to`, in however many steps: the wholesaler goes through them one by
 * one, we hear of some of them only.
 */
export function statusesLeadingTo(to: MeetingStatus): MeetingStatus[] {
  const found = new Set<MeetingStatus>();
  const visit = (status: MeetingStatus): void => {
    for (const before of statusesBefore(status)) {
      if (found.has(before)) continue;
      found.add(before);
      visit(before);
    }
  };
  visit(to);
  return MeetingStatus.options.filter((status) => found.has(status));
}

/** How the wholesaler calls it, or undefined while it has not told its own id. */
export const upstreamRef = (meeting: MeetingRow): (UpstreamRef & { wholesalerId: number }) | undefined =>
  meeting.wholesaler_meeting_id === null
    ? undefined
    : {
        platform: meeting.platform,
        nativeId: meeting.platform_specific_id,
        wholesalerId: meeting.wholesaler_meeting_id,
      };

/** The same for every attempt to start the bot of one meeting, and for no other meeting, also of a restored database. */
export const idempotencyKey = (serviceLayerId: string, meeting: MeetingRow): string =>
  `${serviceLayerId}-meeting-${meeting.id}-${meeting.created_at.getTime()}`;

/** What one user sees: the meeting's shared facts with what they alone wrote about it. */
export function viewOf({ meeting, link }: HeldMeeting): Meeting {
  return {
    id: meeting.id,
    user_id: link.user_id,
    platform: meeting.platform,
    native_meeting_id: meeting.platform_specific_id,
    constructed_meeting_url: meeting.meeting_url,
    status: meeting.status,
    completion_reason: meeting.completion_reason,
    failure_stage: meeting.failure_stage,
    bot_container_id: botName(meeting),
    start_time: iso(meeting.start_time),
    end_time: iso(meeting.end_time),
    data: {
      ...link.data,
      status_transition: meeting.data.status_transition ?? [],
      is_live: meeting.is_live,
      transcript_cached: meeting.transcript_cached_at !== null,
      transcript_incomplete: meeting.transcript_incomplete,
      wholesaler_meeting_id: meeting.wholesaler_meeting_id,
    },
    metadata: link.metadata,
    created_at: meeting.created_at.toISOString(),
    updated_at: meeting.updated_at.toISOString(),
  };
}

/** Our name for the bot: the wholesaler's own name for it may carry its id of the meeting. */
export const botName = (meeting: MeetingRow): string | null =>
  meeting.wholesaler_meeting_id === null ? null : `vexa-bot-${meeting.id}`;

export const iso = (time: Date | null): string | null => time?.toISOString() ?? null;
export const timeOf = (text: string | null): Date | null => (text === null ? null : new Date(text));
