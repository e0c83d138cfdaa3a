import { createRoute, z } from '@hono/zod-openapi';
import { Meeting, MeetingIdQuery, MeetingList, MeetingListQuery, MeetingPath, Message } from '../meeting.ts';
import { StorableText } from '../text.ts';
import { json, jsonBody, keySecurity } from './parts.ts';
import { problems } from './problems.ts';

const meetings = { tags: ['Meetings'], security: keySecurity };
const path = '/meetings/{platform}/{native_meeting_id}';

const Line = StorableText(256);

/** What people may write on a meeting; strict, so that a misspelt field is not lost silently. */
export const MeetingPatch = z
  .object({
    data: z.strictObject({
      name: Line.optional(),
      participants: z.array(Line).max(200).optional(),
      languages: z.array(StorableText(16)).max(50).optional(),
      notes: StorableText(20_000).optional(),
    }),
  })
  .openapi('MeetingPatch');
export type MeetingPatch = z.infer<typeof MeetingPatch>;

export const listMeetingsRoute = createRoute({
  ...meetings,
  method: 'get',
  path: '/meetings',
  operationId: 'listMeetings',
  summary: 'Your meetings, newest first',
  request: { query: MeetingListQuery },
  responses: { 200: json(MeetingList, 'One page.'), ...problems(401, 403, 422, 503, 504) },
});

export const getMeetingRoute = createRoute({
  ...meetings,
  method: 'get',
  path,
  operationId: 'getMeeting',
  summary: 'The latest meeting held under this id, or the one named by meeting_id',
  request: { params: MeetingPath, query: MeetingIdQuery },
  responses: { 200: json(Meeting, 'The meeting.'), ...problems(401, 403, 404, 422, 503, 504) },
});

export const patchMeetingRoute = createRoute({
  ...meetings,
  method: 'patch',
  path,
  operationId: 'updateMeeting',
  summary: 'Name a meeting, or note who was there',
  request: {
    params: MeetingPath,
    query: MeetingIdQuery,
    body: jsonBody(MeetingPatch, { data: { name: 'Weekly planning', participants: ['Ann', 'Bob'] } }),
  },
  responses: { 200: json(Meeting, 'The changed meeting.'), ...problems(400, 401, 403, 404, 413, 422, 503, 504) },
});

export const deleteMeetingRoute = createRoute({
  ...meetings,
  method: 'delete',
  path,
  operationId: 'purgeMeeting',
  summary: 'Delete the transcript and redact the meeting; safe to repeat',
  request: { params: MeetingPath, query: MeetingIdQuery },
  responses: { 200: json(Message, 'Nothing said is left.'), ...problems(401, 403, 404, 409, 422, 503, 504) },
});
