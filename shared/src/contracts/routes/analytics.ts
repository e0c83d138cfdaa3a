import { createRoute } from '@hono/zod-openapi';
import { AccountListQuery, UserPath } from '../accounts.ts';
import {
  MeetingRecord,
  MeetingRecordPath,
  MeetingsWithUsers,
  MeetingTelematics,
  UserAnalytics,
  UserRecord,
} from '../analytics.ts';
import { adminSecurity, json, page } from './parts.ts';
import { problems } from './problems.ts';

const analytics = { tags: ['Admin: analytics'], security: adminSecurity, method: 'get' as const };

export const meetingsWithUsersRoute = createRoute({
  ...analytics,
  path: '/admin/stats/meetings-users',
  operationId: 'listMeetingsWithUsers',
  summary: 'Meetings of everybody with whose they are, newest first',
  request: { query: AccountListQuery },
  responses: { 200: json(MeetingsWithUsers, 'One page.'), ...problems(401, 422, 503, 504) },
});

export const analyticsUsersRoute = createRoute({
  ...analytics,
  path: '/admin/analytics/users',
  operationId: 'analyseUsers',
  summary: 'Users with their plan and last meeting, by id',
  request: { query: AccountListQuery },
  responses: { 200: page(UserRecord), ...problems(401, 422, 503, 504) },
});

export const analyticsMeetingsRoute = createRoute({
  ...analytics,
  path: '/admin/analytics/meetings',
  operationId: 'analyseMeetings',
  summary: 'Meetings of everybody, newest first',
  request: { query: AccountListQuery },
  responses: { 200: page(MeetingRecord), ...problems(401, 422, 503, 504) },
});

export const telematicsRoute = createRoute({
  ...analytics,
  path: '/admin/analytics/meetings/{meeting_id}/telematics',
  operationId: 'getMeetingTelematics',
  summary: 'How a meeting went: its sessions, how quickly the bot was in, how much was heard',
  request: { params: MeetingRecordPath },
  responses: { 200: json(MeetingTelematics, 'The figures.'), ...problems(401, 404, 422, 503, 504) },
});

export const userDetailsRoute = createRoute({
  ...analytics,
  path: '/admin/analytics/users/{user_id}/details',
  operationId: 'getUserAnalytics',
  summary: 'What a user has done and used',
  request: { params: UserPath },
  responses: { 200: json(UserAnalytics, 'The figures.'), ...problems(401, 404, 422, 503, 504) },
});
