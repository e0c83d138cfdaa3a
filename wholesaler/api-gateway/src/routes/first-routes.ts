import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { hasScope, identityHeader } from '@vexa/shared/auth/identity-token';
import type { Scope } from '@vexa/shared/contracts/internal';
import { Meeting, RunningBots } from '@vexa/shared/contracts/meeting';
import { nativeIdProblem } from '@vexa/shared/contracts/platform';
import { json, jsonBody, keySecurity } from '@vexa/shared/contracts/routes/parts';
import { problems } from '@vexa/shared/contracts/routes/problems';
import { StorableText } from '@vexa/shared/contracts/text';
import { Transcript } from '@vexa/shared/contracts/transcript';
import { type ErrorCode, errorStatus, notFound, ServiceError } from '@vexa/shared/errors';
import { ProblemBody } from '@vexa/shared/http/problem';
import { limitRate } from '@vexa/shared/limits/limit-rate';
import type { RateLimits, RouteClass } from '@vexa/shared/limits/rate-limits';
import { traceHeaders } from '@vexa/shared/request-context';
import type { Context } from 'hono';
import type { Upstream } from '../upstream/upstream.ts';
import type { GatewayVariables, RequireKey } from './require-key.ts';

interface Deps {
  upstreams: { botManager: Upstream; collector: Upstream };
  requireKey: RequireKey;
  rateLimits: RateLimits;
}

type GatewayContext = Context<{ Variables: GatewayVariables }>;

const UserId = StorableText(320).pipe(z.string().min(1)).openapi({
  description:
    'Your own id or email: all your bots. Anything else: the name of a user of yours, kept apart from others.',
  example: 'user123',
});
const MeetingId = StorableText(128).pipe(z.string().min(1)).openapi({ example: 'meeting456' });
const RunRequest = z
  .object({
    user_id: UserId,
    meeting_id: MeetingId.openapi({
      description: 'Your own name for it; without `meeting_url` also the id of the room.',
    }),
    meeting_title: StorableText(512).nullish(),
    meeting_url: z.string().max(2_048).nullish(),
  })
  .openapi('FirstRunRequest');
const StopRequest = z
  .object({
    user_id: UserId,
    meeting_id: MeetingId.nullish().openapi({ description: 'Left out: every bot of that user.' }),
  })
  .openapi('FirstStopRequest');
const Done = z.object({ status: z.literal('success'), message: z.string(), details: z.unknown() }).openapi('FirstDone');
const Bots = z.object({ status: z.literal('success'), bots: RunningBots.shape.running_bots }).openapi('FirstBots');
const Lines = z
  .object({
    status: z.literal('success'),
    meeting_id: z.string(),
    user_id: z.string(),
    transcriptions: z.array(
      z.object({
        id: z.string(),
        meeting_id: z.string(),
        content: z.string(),
        speaker: z.string().nullable(),
        confidence: z.null(),
        timestamp: z.string().nullable(),
      }),
    ),
  })
  .openapi('FirstTranscript');

const first = { tags: ['First API'], security: keySecurity, deprecated: true };
const mayFail = problems(400, 401, 403, 404, 409, 413, 422, 429, 502, 503, 504);
const example = { user_id: 'user123', meeting_id: 'meeting456' };
const runRoute = createRoute({
  ...first,
  method: 'post',
  path: '/bot/run',
  operationId: 'firstRunBot',
  summary: 'Send a bot to a meeting, as the first version had it',
  request: { body: jsonBody(RunRequest, { ...example, meeting_title: 'Team Weekly Sync' }) },
  responses: { 200: json(Done, 'The bot is requested.'), ...mayFail },
});
const stopRoute = createRoute({
  ...first,
  method: 'post',
  path: '/bot/stop',
  operationId: 'firstStopBot',
  summary: 'Make one bot leave, or all of a user',
  request: { body: jsonBody(StopRequest, example) },
  responses: { 200: json(Done, 'They are leaving.'), ...mayFail },
});
const statusRoute = createRoute({
  ...first,
  method: 'get',
  path: '/bot/status/{user_id}',
  operationId: 'firstBotStatus',
  summary: 'The running bots of a user',
  request: { params: z.object({ user_id: UserId }) },
  responses: { 200: json(Bots, 'Bots that have not ended.'), ...mayFail },
});
const transcriptRoute = createRoute({
  ...first,
  method: 'get',
  path: '/transcript/{user_id}/{meeting_id}',
  operationId: 'firstTranscript',
  summary: 'What was said in a meeting',
  request: { params: z.object({ user_id: UserId, meeting_id: MeetingId }) },
  responses: { 200: json(Lines, 'In the order in which it was said.'), ...mayFail },
});

/**
 * The four routes of the first version, over those of today. Its clients named their users and had no keys; a key sees only
 * what is its owner's, and of that, where the user named is not the owner, what was started under that name.
 */
export function mountFirstRoutes(app: OpenAPIHono<{ Variables: GatewayVariables }>, deps: Deps): void {
  const { botManager, collector } = deps.upstreams;
  const guard = (routeClass: RouteClass): RequireKey[] => [
    deps.requireKey,
    limitRate<GatewayVariables>(deps.rateLimits, routeClass, (c) => c.get('authenticated').identity.user_id),
  ];
  const stop = ({ platform, native_meeting_id: id }: Place, c: GatewayContext) =>
    ask(c, botManager, 'DELETE', `/bots/${platform}/${encodeURIComponent(id)}`);

  app.openapi({ ...runRoute, middleware: guard('start') }, async (c) => {
    const { user_id, meeting_id, meeting_title, meeting_url } = c.req.valid('json');
    requireScope(c, 'bot');
    const name = nameWithin(c, user_id);
    const metadata = { meeting_id, ...(name && { user_id: name }), ...(meeting_title && { meeting_title }) };
    const named = meeting_url ? { meeting_url } : roomOf(meeting_id);
    const started = Meeting.parse(await ask(c, botManager, 'POST', '/bots', { ...named, metadata }));
    const details = { meeting_id, container_id: started.bot_container_id, status: started.status };
    return c.json({ status: 'success' as const, message: `Bot started for user ${user_id}`, details }, 200);
  });
  app.openapi({ ...stopRoute, middleware: guard('write') }, async (c) => {
    const { user_id, meeting_id } = c.req.valid('json');
    requireScope(c, 'bot');
    const meetings = meeting_id
      ? [await findMeeting(c, botManager, { user_id, meeting_id })]
      : await runningBots(c, botManager, user_id);
    const details = await Promise.all(meetings.map((meeting) => stop(meeting, c)));
    return c.json({ status: 'success' as const, message: `Bot(s) stopped for user ${user_id}`, details }, 200);
  });
  app.openapi({ ...statusRoute, middleware: guard('read') }, async (c) => {
    requireScope(c, 'bot');
    const bots = await runningBots(c, botManager, c.req.valid('param').user_id);
    return c.json({ status: 'success' as const, bots }, 200);
  });
  app.openapi({ ...transcriptRoute, middleware: guard('read') }, async (c) => {
    const { user_id, meeting_id } = c.req.valid('param');
    requireScope(c, 'tx');
    const { platform, native_meeting_id: nativeId, id } = await findMeeting(c, botManager, { user_id, meeting_id });
    const path = `/transcripts/${platform}/${encodeURIComponent(nativeId)}?meeting_id=${id}`;
    const { segments } = Transcript.parse(await ask(c, collector, 'GET', path));
    const transcriptions = segments.map(({ segment_id, text: content, speaker, absolute_start_time: timestamp }) => {
      return { id: segment_id, meeting_id, content, speaker, confidence: null, timestamp };
    });
    return c.json({ status: 'success' as const, meeting_id, user_id, transcriptions }, 200);
  });
}

/** Throws `forbidden` when the caller's key does not reach so far. */
function requireScope(c: GatewayContext, scope: Scope): void {
  if (hasScope(c.get('authenticated').identity, scope)) return;
  throw new ServiceError('forbidden', `This key lacks the scope "${scope}".`);
}

/** Undefined for the caller themselves, of whom all is meant. */
function nameWithin(c: GatewayContext, userId: string): string | undefined {
  const { identity } = c.get('authenticated');
  return userId === String(identity.user_id) || userId === identity.email ? undefined : userId;
}

/** Where a meeting is that is named by nothing but its id. */
function roomOf(id: string) {
  const platform = (['google_meet', 'zoom'] as const).find((each) => !nativeIdProblem(each, id)) ?? 'local';
  return { platform, native_meeting_id: id };
}

async function runningBots(c: GatewayContext, botManager: Upstream, userId: string) {
  const { running_bots: bots } = RunningBots.parse(await ask(c, botManager, 'GET', '/bots/status'));
  const name = nameWithin(c, userId);
  if (name === undefined) return bots;
  const meetings = await newestMeetings(c, botManager);
  // Of the meetings of one place only the newest can have a bot.
  return bots.filter((bot) => meetings.find((meeting) => isSamePlace(meeting, bot))?.metadata.user_id === name);
}

type Place = Pick<Meeting, 'platform' | 'native_meeting_id'>;

const isSamePlace = (one: Place, other: Place): boolean =>
  one.platform === other.platform && one.native_meeting_id === other.native_meeting_id;

/** Throws `not_found`. */
async function findMeeting(
  c: GatewayContext,
  botManager: Upstream,
  { user_id, meeting_id: id }: { user_id: string; meeting_id: string },
): Promise<Meeting> {
  const name = nameWithin(c, user_id);
  const found = (await newestMeetings(c, botManager)).find(
    ({ metadata, native_meeting_id }) =>
      (metadata.meeting_id ?? native_meeting_id) === id && (name === undefined || metadata.user_id === name),
  );
  if (!found) throw notFound('Meeting');
  return found;
}

/** The caller's newest 200, newest first: those clients ask for what they just started. */
async function newestMeetings(c: GatewayContext, botManager: Upstream): Promise<Meeting[]> {
  const { meetings } = z
    .object({ meetings: z.array(Meeting) })
    .parse(await ask(c, botManager, 'GET', '/meetings?limit=200'));
  return meetings;
}

/** A call for the caller; what the service refuses is thrown in its words. */
async function ask(
  c: GatewayContext,
  upstream: Upstream,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  sent?: unknown,
): Promise<unknown> {
  const { statusCode, headers, body } = await upstream.request({
    method,
    path,
    headers: {
      ...traceHeaders(),
      [identityHeader]: c.get('authenticated').identityToken,
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
  const answer: unknown = JSON.parse(await body.text());
  if (statusCode < 400) return answer;
  throw refusal(answer, Number(headers['retry-after']));
}

function refusal(answer: unknown, retryAfterSeconds: number): ServiceError {
  const { code, detail } = ProblemBody.parse(answer);
  const known = Object.keys(errorStatus).find((each): each is ErrorCode => each === code);
  const later = retryAfterSeconds > 0 ? { retryAfterSeconds } : {};
  return new ServiceError(known ?? 'bad_gateway', detail, later);
}
