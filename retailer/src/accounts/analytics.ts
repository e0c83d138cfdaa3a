import type { AnalyticsSource } from '@vexa/shared/accounts/analytics/analytics-source';
import { sql } from 'drizzle-orm';
import { meetings, userMeetings } from '../db/schema.ts';
import { retailerUsage } from './usage.ts';

/** What an operator of the retailer looks at. Audio and bots are the wholesaler's: nothing is known of them here. */
export const retailerAnalytics: AnalyticsSource = {
  usage: retailerUsage,
  meetingsOf: (userId) => sql`select m.* from ${userMeetings} um join ${meetings} m on m.id = um.meeting_id
    where um.user_id = ${userId}`,
  sessions: async () => [],
  botUptime: async () => null,
};
