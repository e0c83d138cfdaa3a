import { createRoute } from '@hono/zod-openapi';
import { MeetingIdQuery, MeetingPath } from '../meeting.ts';
import { Transcript } from '../transcript.ts';
import { json, keySecurity } from './parts.ts';
import { problems } from './problems.ts';

export const getTranscriptRoute = createRoute({
  tags: ['Transcripts'],
  security: keySecurity,
  method: 'get',
  path: '/transcripts/{platform}/{native_meeting_id}',
  operationId: 'getTranscript',
  summary: 'What was said so far, in spoken order',
  request: { params: MeetingPath, query: MeetingIdQuery },
  responses: { 200: json(Transcript, 'The transcript.'), ...problems(401, 403, 404, 422, 503, 504) },
});
