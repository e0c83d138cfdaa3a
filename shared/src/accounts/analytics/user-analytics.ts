import { asc, eq, gt, type SQL, sql } from 'drizzle-orm';
import type { AccountListQuery } from '../../contracts/accounts.ts';
import type { UserAnalytics, UserRecord } from '../../contracts/analytics.ts';
import type { Platform } from '../../contracts/platform.ts';
import type { Db } from '../../db/client.ts';
import { plans, userPlans, users } from '../../db/tables/accounts.ts';
import { notFound } from '../../errors.ts';
import { listTokens, type Page, pageWindow, toPage } from '../list-accounts.ts';
import { quoteUsage } from '../usage/quote.ts';
import { findUser } from '../user-store.ts';
import { type AnalyticsSource, meetings } from './analytics-source.ts';

/** Users by id. Throws `validation_error` on a cursor that is none. */
export async function listUserRecords(
  db: Db,
  source: AnalyticsSource,
  query: AccountListQuery,
): Promise<Page<UserRecord>> {
  const { afterId, offset, limit } = pageWindow(query);
  const columns = {
    id: users.id,
    email: users.email,
    name: users.name,
    image_url: users.image_url,
    max_concurrent_bots: users.max_concurrent_bots,
    created_at: users.created_at,
  };
  const lastMeeting = sql<Date | null>`(select max(own.created_at) from (${source.meetingsOf(sql`${users.id}`)}) own)`;
  const rows = await db
    .select({ ...columns, plan: plans.name, last_meeting_at: lastMeeting.mapWith(meetings.created_at) })
    .from(users)
    .leftJoin(userPlans, eq(userPlans.user_id, users.id))
    .leftJoin(plans, eq(plans.id, userPlans.plan_id))
    .where(afterId === undefined ? undefined : gt(users.id, afterId))
    .orderBy(asc(users.id))
    .offset(offset)
    .limit(limit);
  const records = rows.map((row) => ({
    ...row,
    created_at: row.created_at.toISOString(),
    last_meeting_at: row.last_meeting_at?.toISOString() ?? null,
  }));
  return toPage(records, query.limit);
}

const shownTokens = 100;

/** Throws `not_found`. */
export async function userAnalytics(db: Db, source: AnalyticsSource, userId: number): Promise<UserAnalytics> {
  const user = await findUser(db, userId);
  if (!user) throw notFound('User');
  const [figures, hours, usage, tokens] = await Promise.all([
    meetingFigures(db, source.meetingsOf(userId)),
    peakHours(db, source.meetingsOf(userId)),
    quoteUsage({ db, usage: source.usage }, { userId }),
    listTokens(db, userId, { limit: shownTokens }),
  ]);
  const { most_used_platform, last_activity, days, ...stats } = figures;
  return {
    user,
    meeting_stats: stats,
    usage_patterns: {
      most_used_platform,
      meetings_per_day: Math.round((stats.total_meetings / Math.max(1, days)) * 100) / 100,
      peak_usage_hours: hours,
      last_activity,
    },
    usage,
    api_tokens: tokens.items,
  };
}

interface Figures extends Record<string, unknown> {
  total_meetings: number;
  completed_meetings: number;
  failed_meetings: number;
  active_meetings: number;
  total_duration: number;
  average_duration: number | null;
  most_used_platform: Platform | null;
  last_activity: string | null;
  days: number;
}

async function meetingFigures(db: Db, own: SQL): Promise<Figures> {
  const [row] = await db.execute<Figures>(sql`
    select count(*)::int as total_meetings,
      count(*) filter (where status = 'completed')::int as completed_meetings,
      count(*) filter (where status = 'failed')::int as failed_meetings,
      count(*) filter (where status not in ('completed', 'failed'))::int as active_meetings,
      coalesce(sum(extract(epoch from end_time - start_time)), 0)::float8 as total_duration,
      avg(extract(epoch from end_time - start_time))::float8 as average_duration,
      mode() within group (order by platform) as most_used_platform,
      to_char(max(created_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_activity,
      coalesce(extract(epoch from now() - min(created_at)) / 86400, 0)::float8 as days
    from (${own}) own`);
  if (!row) throw new Error('an aggregate gave no row');
  return row;
}

async function peakHours(db: Db, own: SQL): Promise<number[]> {
  const rows = await db.execute<{ hour: number }>(sql`
    select extract(hour from created_at at time zone 'UTC')::int as hour from (${own}) own
    group by 1 order by count(*) desc, 1 limit 3`);
  return rows.map(({ hour }) => hour);
}
