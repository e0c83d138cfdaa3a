import type { OpenAPIHono } from '@hono/zod-openapi';
import { type IdentityVariables, requireIdentity } from '@vexa/shared/auth/identity-token';
import { nativeIdProblem, type Platform } from '@vexa/shared/contracts/platform';
import {
  getTranscriptRoute,
  liveTranscriptRoute,
  ShareRequest,
  searchRoute,
  shareTranscriptRoute,
} from '@vexa/shared/contracts/routes/transcripts';
import { fieldError, notFound, ServiceError } from '@vexa/shared/errors';
import { answerOnce } from '@vexa/shared/idempotency/answer-once';
import { answerEventStream } from '@vexa/shared/live/answer-event-stream';
import type { EventStreamDeps } from '@vexa/shared/live/event-stream';
import { requireCursor } from '@vexa/shared/transcripts/cursor';
import { formatTranscript, mediaTypes } from '@vexa/shared/transcripts/format-transcript';
import { type HitQuery, searchPage } from '@vexa/shared/transcripts/search-page';
import { type FeedDeps, transcriptFeed } from '../live/transcript-feed.ts';
import { getTranscript, type MeetingQuery, requireMeeting } from '../transcripts/get-transcript.ts';
import { selectHits } from '../transcripts/search-store.ts';
import { type ShareDeps, shareTranscript } from '../transcripts/share-transcript.ts';

export interface TranscriptRouteDeps extends ShareDeps, EventStreamDeps, FeedDeps {
  internalTokenSecret: string;
}

const maxId = 2_147_483_647;
const maxFollowers = 5_000;

export function mountTranscripts(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: TranscriptRouteDeps): void {
  for (const path of ['/transcripts/*', '/search']) app.use(path, requireIdentity(deps.internalTokenSecret, 'tx'));

  app.openapi(getTranscriptRoute, async (c) => {
    const { format, since, ...query } = c.req.valid('query');
    const meeting = meetingQuery(c.var.identity.user_id, c.req.valid('param'), query);
    if (format === 'json') {
      const cursor = since === undefined ? undefined : requireCursor(since);
      return c.json(await getTranscript(deps, { ...meeting, since: cursor }), 200);
    }
    if (since !== undefined) throw fieldError(['query', 'since'], 'goes with format=json only');
    const text = formatTranscript(await getTranscript(deps, meeting), format);
    return c.body(text, 200, { 'content-type': mediaTypes[format] });
  });

  app.openapi(liveTranscriptRoute, async (c) => {
    const query = meetingQuery(c.var.identity.user_id, c.req.valid('param'), c.req.valid('query'));
    const meeting = await requireMeeting(deps, query);
    if (deps.followers.size >= maxFollowers) throw tooManyFollowers();
    const lastEventId = c.req.valid('header')['last-event-id'];
    return answerEventStream(c, deps, { feed: transcriptFeed(deps, meeting), lastEventId });
  });

  app.openapi(shareTranscriptRoute, async (c) => {
    const query = meetingQuery(c.var.identity.user_id, c.req.valid('param'), c.req.valid('query'));
    const { ttl_seconds: ttlSeconds } = ShareRequest.parse(c.req.valid('json') ?? {});
    const key = c.req.valid('header')['idempotency-key'];
    // The answer holds the link, of which nothing readable may be kept.
    const once = { userId: query.userId, key, request: ['shareTranscript', query, ttlSeconds], sealed: true };
    const { body } = await answerOnce(deps.db, once, async (db) => ({
      status: 201,
      body: await shareTranscript({ ...deps, db }, { ...query, ttlSeconds }),
    }));
    return c.json(body, 201);
  });

  app.openapi(searchRoute, async (c) => {
    const find = (query: HitQuery) => selectHits(deps.db, c.var.identity.user_id, query);
    return c.json(await searchPage(c.req.valid('query'), find), 200);
  });
}

function meetingQuery(
  userId: number,
  { platform, native_meeting_id: nativeMeetingId }: { platform: Platform; native_meeting_id: string },
  { meeting_id: meetingId }: { meeting_id?: number | undefined },
): MeetingQuery {
  const problem = nativeIdProblem(platform, nativeMeetingId);
  if (problem) throw fieldError(['path', 'native_meeting_id'], problem);
  if (meetingId !== undefined && meetingId > maxId) throw notFound('Meeting');
  return { userId, platform, nativeMeetingId, meetingId };
}

const tooManyFollowers = () =>
  new ServiceError('unavailable', 'Too many live transcripts are followed here; try again soon.', {
    retryAfterSeconds: 10,
  });
