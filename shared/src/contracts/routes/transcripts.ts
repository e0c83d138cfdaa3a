import { createRoute, z } from '@hono/zod-openapi';
import { MeetingIdQuery, MeetingPath } from '../meeting.ts';
import { isStorable } from '../text.ts';
import { SearchResults, Share, Transcript, TranscriptFormat } from '../transcript.ts';
import { IdempotencyHeader } from './idempotency.ts';
import { json, keySecurity } from './parts.ts';
import { problems } from './problems.ts';

const transcripts = { tags: ['Transcripts'], security: keySecurity };
const path = '/transcripts/{platform}/{native_meeting_id}';
const text = { schema: z.string() };

export const TranscriptQuery = MeetingIdQuery.extend({
  format: TranscriptFormat.default('json'),
  since: z
    .string()
    .max(64)
    .optional()
    .openapi({ description: 'A `cursor` of an earlier answer: only what changed after it. For `format=json`.' }),
});

export const getTranscriptRoute = createRoute({
  ...transcripts,
  method: 'get',
  path,
  operationId: 'getTranscript',
  summary: 'What was said so far, in spoken order',
  request: { params: MeetingPath, query: TranscriptQuery },
  responses: {
    200: {
      description: 'The transcript.',
      content: {
        'application/json': { schema: Transcript },
        'application/x-subrip': text,
        'text/vtt': text,
        'text/plain': text,
        'text/markdown': text,
      },
    },
    ...problems(401, 403, 404, 422, 503, 504),
  },
});

export const liveTranscriptRoute = createRoute({
  ...transcripts,
  method: 'get',
  path: `${path}/live`,
  operationId: 'followTranscript',
  summary: 'Follow a meeting as server-sent events',
  description: `\`snapshot\` (a Transcript), then \`segments\` (\`{segments}\`: new or changed; an empty text takes one back), \`status\`
(\`{status}\`) and at last \`end\` (\`{status}\`). Send the last id you saw as \`Last-Event-ID\` (an EventSource does) to go on from
there. A stream lasts ten minutes at most: connect again. A reader who takes nothing for 30 s is dropped.`,
  request: {
    params: MeetingPath,
    query: MeetingIdQuery,
    headers: z.object({ 'last-event-id': z.string().max(64).optional() }),
  },
  responses: {
    200: { description: 'The stream.', content: { 'text/event-stream': text } },
    ...problems(401, 403, 404, 422, 503, 504),
  },
});

export const ShareRequest = z
  .object({ ttl_seconds: z.int().min(60).max(86_400).default(900) })
  .openapi('ShareRequest', { description: 'How long the link works, in seconds.' });

export const shareTranscriptRoute = createRoute({
  ...transcripts,
  method: 'post',
  path: `${path}/share`,
  operationId: 'shareTranscript',
  summary: 'Make a link that shows this transcript to whoever has it',
  request: {
    params: MeetingPath,
    query: MeetingIdQuery,
    headers: IdempotencyHeader,
    body: {
      required: false,
      content: { 'application/json': { schema: ShareRequest, example: { ttl_seconds: 900 } } },
    },
  },
  responses: {
    201: json(Share, 'The link; only its hash is kept, so it cannot be shown again.'),
    ...problems(400, 401, 403, 404, 409, 413, 422, 429, 503, 504),
  },
});

const shareId = /^[A-Za-z0-9_-]{20,64}$/;

export const publicTranscriptRoute = createRoute({
  tags: ['Transcripts'],
  security: [],
  method: 'get',
  path: '/public/transcripts/{share_id}.txt',
  operationId: 'getSharedTranscript',
  summary: 'The transcript behind a link; no key is needed',
  request: {
    params: z.object({
      share_id: z.string().openapi({ param: { name: 'share_id', in: 'path' }, pattern: shareId.source }),
    }),
  },
  responses: {
    200: { description: 'The transcript as it is now.', content: { 'text/plain': text } },
    ...problems(404, 503, 504),
  },
});

export const SearchQuery = z.object({
  q: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .refine(isStorable, { message: 'must be text without NUL characters' })
    .openapi({ description: 'Words; "a phrase"; a or b; -without.', example: 'budget "next quarter"' }),
  limit: z.coerce.number().int().min(1).max(200).default(20),
  cursor: z.string().max(64).optional(),
});

export const searchRoute = createRoute({
  ...transcripts,
  method: 'get',
  path: '/search',
  operationId: 'searchTranscripts',
  summary: 'Find words in your transcripts, the latest said first',
  request: { query: SearchQuery },
  responses: { 200: json(SearchResults, 'One page.'), ...problems(401, 403, 422, 503, 504) },
});
