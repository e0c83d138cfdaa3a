import type { OpenAPIHono } from '@hono/zod-openapi';
import { type IdentityVariables, requireIdentity } from '@vexa/shared/auth/identity-token';
import { nativeIdProblem } from '@vexa/shared/contracts/platform';
import { getTranscriptRoute } from '@vexa/shared/contracts/routes/transcripts';
import { fieldError, notFound } from '@vexa/shared/errors';
import { getTranscript } from '../transcripts/get-transcript.ts';
import type { ReadDeps } from '../transcripts/read-segments.ts';

interface TranscriptRouteDeps extends ReadDeps {
  internalTokenSecret: string;
}

const maxId = 2_147_483_647;

export function mountTranscripts(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: TranscriptRouteDeps): void {
  app.use('/transcripts/*', requireIdentity(deps.internalTokenSecret, 'tx'));
  app.openapi(getTranscriptRoute, async (c) => {
    const { platform, native_meeting_id: nativeMeetingId } = c.req.valid('param');
    const { meeting_id: meetingId } = c.req.valid('query');
    const problem = nativeIdProblem(platform, nativeMeetingId);
    if (problem) throw fieldError(['path', 'native_meeting_id'], problem);
    const format = c.req.query('format') ?? 'json';
    if (format !== 'json') throw fieldError(['query', 'format'], 'must be json');
    if (meetingId !== undefined && meetingId > maxId) throw notFound('Meeting');
    const userId = c.get('identity').user_id;
    return c.json(await getTranscript(deps, { userId, platform, nativeMeetingId, meetingId }), 200);
  });
}
