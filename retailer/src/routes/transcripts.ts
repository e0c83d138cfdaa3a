import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
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
import { mountPublicTranscripts } from '@vexa/shared/transcripts/public-route';
import { searchPage } from '@vexa/shared/transcripts/search-page';
import type { Guard } from '../auth/guard.ts';
import type { TranscriptFeeds } from '../live/transcript-feeds.ts';
import { findHeld } from '../meetings/meeting-store.ts';
import { getTranscript, type TranscriptDeps } from '../transcripts/get-transcript.ts';
import { selectHits } from '../transcripts/search-store.ts';
import { readShared, shareTranscript } from '../transcripts/share-transcript.ts';
import { refOf } from './meeting-ref.ts';

export interface TranscriptRouteDeps extends TranscriptDeps, EventStreamDeps {
  guard: Guard;
  feeds: TranscriptFeeds;
  publicUrl: string | undefined;
}

const maxFollowers = 5_000;

export function mountTranscripts(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: TranscriptRouteDeps): void {
  const middleware = deps.guard('tx');
  app.openapi({ ...getTranscriptRoute, middleware }, async (c) => {
    const { format, since, ...query } = c.req.valid('query');
    const ref = refOf(c.req.valid('param'), query);
    if (format === 'json') {
      const cursor = since === undefined ? undefined : requireCursor(since);
      return c.json(await getTranscript(deps, c.var.identity.user_id, { ...ref, since: cursor }), 200);
    }
    if (since !== undefined) throw fieldError(['query', 'since'], 'goes with format=json only');
    const text = formatTranscript(await getTranscript(deps, c.var.identity.user_id, ref), format);
    return c.body(text, 200, { 'content-type': mediaTypes[format] });
  });

  app.openapi({ ...liveTranscriptRoute, middleware }, async (c) => {
    const ref = refOf(c.req.valid('param'), c.req.valid('query'));
    const held = await findHeld(deps.db, c.var.identity.user_id, ref);
    if (!held) throw notFound('Meeting');
    if (deps.feeds.size >= maxFollowers) throw tooManyFollowers();
    const feed = await deps.feeds.open(held);
    return answerEventStream(c, deps, { feed, lastEventId: c.req.valid('header')['last-event-id'] });
  });

  app.openapi({ ...shareTranscriptRoute, middleware }, async (c) => {
    const { user_id: userId } = c.var.identity;
    const ref = refOf(c.req.valid('param'), c.req.valid('query'));
    const { ttl_seconds: ttlSeconds } = ShareRequest.parse(c.req.valid('json') ?? {});
    const key = c.req.valid('header')['idempotency-key'];
    // The answer holds the link, of which nothing readable may be kept.
    const once = { userId, key, request: ['shareTranscript', ref, ttlSeconds], sealed: true };
    const { body } = await answerOnce(deps.db, once, async (db) => ({
      status: 201,
      body: await shareTranscript({ db, publicUrl: deps.publicUrl }, userId, { ...ref, ttlSeconds }),
    }));
    return c.json(body, 201);
  });

  app.openapi({ ...searchRoute, middleware }, async (c) => {
    const reader = { userId: c.var.identity.user_id, lateReaders: deps.lateReaders };
    return c.json(await searchPage(c.req.valid('query'), (query) => selectHits(deps.db, reader, query)), 200);
  });

  mountPublicTranscripts(app, (shareId) => readShared(deps, shareId));
}

const tooManyFollowers = () =>
  new ServiceError('unavailable', 'Too many live transcripts are followed here; try again soon.', {
    retryAfterSeconds: 10,
  });
