import type { OpenAPIHono } from '@hono/zod-openapi';
import { hasScope, type IdentityVariables, requireIdentity } from '@vexa/shared/auth/identity-token';
import type { Platform } from '@vexa/shared/contracts/platform';
import {
  deleteMeetingRoute,
  getMeetingRoute,
  listMeetingsRoute,
  patchMeetingRoute,
} from '@vexa/shared/contracts/routes/meetings';
import type { Db } from '@vexa/shared/db/client';
import { ServiceError } from '@vexa/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { CollectorClient } from '../finish/collector-client.ts';
import { getMeeting } from '../meetings/get-meeting.ts';
import { listMeetings } from '../meetings/list-meetings.ts';
import { purgeMeeting } from '../meetings/purge-meeting.ts';
import { updateMeeting } from '../meetings/update-meeting.ts';

export interface MeetingRouteDeps {
  db: Db;
  collector: Pick<CollectorClient, 'purge'>;
  internalTokenSecret: string;
}

/** Meetings are read with either scope, since a bot's sender follows its status; they are changed with `tx`. */
const meetingScope: MiddlewareHandler<{ Variables: IdentityVariables }> = async (c, next) => {
  const { identity } = c.var;
  if (!hasScope(identity, 'tx') && !(c.req.method === 'GET' && hasScope(identity, 'bot'))) {
    throw new ServiceError('forbidden', 'This key lacks the scope "tx".');
  }
  await next();
};

interface MeetingParams {
  platform: Platform;
  native_meeting_id: string;
}

export function mountMeetings(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: MeetingRouteDeps): void {
  for (const path of ['/meetings', '/meetings/*']) {
    app.use(path, requireIdentity(deps.internalTokenSecret));
    app.use(path, meetingScope);
  }
  const ref = (userId: number, { platform, native_meeting_id: nativeId }: MeetingParams, meetingId?: number) => ({
    userId,
    platform,
    nativeId,
    meetingId,
  });
  app.openapi(listMeetingsRoute, async (c) => {
    return c.json(await listMeetings(deps.db, { userId: c.var.identity.user_id, ...c.req.valid('query') }), 200);
  });
  app.openapi(getMeetingRoute, async (c) => {
    const { meeting_id } = c.req.valid('query');
    return c.json(await getMeeting(deps.db, ref(c.var.identity.user_id, c.req.valid('param'), meeting_id)), 200);
  });
  app.openapi(patchMeetingRoute, async (c) => {
    const { meeting_id } = c.req.valid('query');
    const meeting = ref(c.var.identity.user_id, c.req.valid('param'), meeting_id);
    return c.json(await updateMeeting(deps.db, { ...meeting, patch: c.req.valid('json') }), 200);
  });
  app.openapi(deleteMeetingRoute, async (c) => {
    const { meeting_id } = c.req.valid('query');
    await purgeMeeting(deps, ref(c.var.identity.user_id, c.req.valid('param'), meeting_id));
    return c.json({ message: 'The transcript is deleted and the meeting is redacted.' }, 200);
  });
}
