import type { OpenAPIHono } from '@hono/zod-openapi';
import { setNextCursor } from '@vexa/shared/accounts/admin-routes';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import {
  analyticsMeetingsRoute,
  analyticsUsersRoute,
  meetingsWithUsersRoute,
  telematicsRoute,
  userDetailsRoute,
} from '@vexa/shared/contracts/routes/analytics';
import type { Db } from '@vexa/shared/db/client';
import { listMeetingRecords, listMeetingsWithUsers } from '../analytics/meeting-records.ts';
import { meetingTelematics } from '../analytics/telematics.ts';
import { listUserRecords, userAnalytics } from '../analytics/user-analytics.ts';

/** What the operator looks at. Mount after `mountAccountAdmin`, which guards `/admin/*`. */
export function mountAnalytics(app: OpenAPIHono<{ Variables: IdentityVariables }>, db: Db): void {
  app.openapi(meetingsWithUsersRoute, async (c) => c.json(await listMeetingsWithUsers(db, c.req.valid('query')), 200));
  app.openapi(analyticsUsersRoute, async (c) => {
    const page = await listUserRecords(db, c.req.valid('query'));
    setNextCursor(c, page);
    return c.json(page.items, 200);
  });
  app.openapi(analyticsMeetingsRoute, async (c) => {
    const page = await listMeetingRecords(db, c.req.valid('query'));
    setNextCursor(c, page);
    return c.json(page.items, 200);
  });
  app.openapi(telematicsRoute, async (c) => c.json(await meetingTelematics(db, c.req.valid('param').meeting_id), 200));
  app.openapi(userDetailsRoute, async (c) => c.json(await userAnalytics(db, c.req.valid('param').user_id), 200));
}
