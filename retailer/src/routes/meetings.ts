import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import {
  deleteMeetingRoute,
  getMeetingRoute,
  listMeetingsRoute,
  patchMeetingRoute,
} from '@vexa/shared/contracts/routes/meetings';
import type { Db } from '@vexa/shared/db/client';
import type { Guard } from '../auth/guard.ts';
import { deleteMeeting } from '../meetings/delete-meeting.ts';
import { getMeeting } from '../meetings/get-meeting.ts';
import { listMeetings } from '../meetings/list-meetings.ts';
import { patchMeeting } from '../meetings/patch-meeting.ts';
import type { Refresh } from '../meetings/refresh-meeting.ts';
import { refOf } from './meeting-ref.ts';

export interface MeetingRouteDeps {
  db: Db;
  guard: Guard;
  refresh: Refresh;
}

/** Meetings are read with either scope, since a bot's sender follows its status; all else needs `tx`. */
export function mountMeetings(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: MeetingRouteDeps): void {
  const reader = deps.guard('tx', 'bot');
  const owner = deps.guard('tx');
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
}
