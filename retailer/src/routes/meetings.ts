import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import type { Platform } from '@vexa/shared/contracts/platform';
import {
  deleteMeetingRoute,
  getMeetingRoute,
  listMeetingsRoute,
  patchMeetingRoute,
} from '@vexa/shared/contracts/routes/meetings';
import { getTranscriptRoute } from '@vexa/shared/contracts/routes/transcripts';
import { formatTranscript, mediaTypes } from '@vexa/shared/transcripts/format-transcript';
import { requireKey } from '../auth/require-key.ts';
import { deleteMeeting } from '../meetings/delete-meeting.ts';
import { getMeeting } from '../meetings/get-meeting.ts';
import { listMeetings } from '../meetings/list-meetings.ts';
import type { MeetingRef } from '../meetings/meeting.ts';
import { patchMeeting } from '../meetings/patch-meeting.ts';
import type { Refresh } from '../meetings/refresh-meeting.ts';
import { getTranscript, type TranscriptDeps } from '../transcripts/get-transcript.ts';

type MeetingRouteDeps = TranscriptDeps & { refresh: Refresh };

/** Meetings are read with either scope, since a bot's sender follows its status; all else needs `tx`. */
export function mountMeetings(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: MeetingRouteDeps): void {
  const reader = requireKey(deps.db, 'tx', 'bot');
  const owner = requireKey(deps.db, 'tx');
  app.openapi({ ...listMeetingsRoute, middleware: reader }, async (c) =>
    c.json(await listMeetings(deps, c.var.identity.user_id, c.req.valid('query')), 200),
  );
  app.openapi({ ...getMeetingRoute, middleware: reader }, async (c) => {
    const ref = refOf(c.req.valid('param'), c.req.valid('query'));
    return c.json(await getMeeting(deps, c.var.identity.user_id, ref), 200);
  });
  app.openapi({ ...patchMeetingRoute, middleware: owner }, async (c) => {
    const ref = refOf(c.req.valid('param'), c.req.valid('query'));
    const patch = c.req.valid('json');
    return c.json(await patchMeeting(deps.db, c.var.identity.user_id, { ref, patch }), 200);
  });
  app.openapi({ ...deleteMeetingRoute, middleware: owner }, async (c) => {
    const ref = refOf(c.req.valid('param'), c.req.valid('query'));
    await deleteMeeting(deps.db, c.var.identity.user_id, ref);
    return c.json({ message: 'Your copy of the meeting is deleted.' }, 200);
  });
  app.openapi({ ...getTranscriptRoute, middleware: owner }, async (c) => {
    const query = c.req.valid('query');
    const transcript = await getTranscript(deps, c.var.identity.user_id, refOf(c.req.valid('param'), query));
    if (query.format === 'json') return c.json(transcript, 200);
    return c.body(formatTranscript(transcript, query.format), 200, { 'content-type': mediaTypes[query.format] });
  });
}

const refOf = (
  { platform, native_meeting_id: nativeId }: { platform: Platform; native_meeting_id: string },
  { meeting_id: meetingId }: { meeting_id?: number | undefined },
): MeetingRef => ({ platform, nativeId, meetingId });
