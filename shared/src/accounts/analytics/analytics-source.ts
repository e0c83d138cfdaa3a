import type { SQL } from 'drizzle-orm';
import { pgTable } from 'drizzle-orm/pg-core';
import type { MeetingTelematics } from '../../contracts/analytics.ts';
import type { Db } from '../../db/client.ts';
import { meetingColumns, transcriptionColumns } from '../../db/tables/meetings.ts';
import type { UsageSource } from '../usage/usage-source.ts';

/** As much of these tables as both products have. */
export const meetings = pgTable('meetings', meetingColumns());
export const transcriptions = pgTable('transcriptions', transcriptionColumns());

/** What differs between the products in what an operator looks at. */
export interface AnalyticsSource {
  usage: UsageSource;
  /** The query of a user's meetings; `userId` may be a column of the query around it. */
  meetingsOf(userId: number | SQL): SQL;
  /** The meeting's audio streams, oldest first; none where they are not known. */
  sessions(db: Db, meetingId: number): Promise<MeetingTelematics['sessions']>;
  /** Seconds that the meeting's bots ran; null where that is not known. */
  botUptime(db: Db, meetingId: number): Promise<number | null>;
}
