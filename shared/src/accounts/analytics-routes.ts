import type { OpenAPIHono } from '@hono/zod-openapi';
import {
  analyticsMeetingsRoute,
  analyticsUsersRoute,
  meetingsWithUsersRoute,
  telematicsRoute,
  userDetailsRoute,
} from '../contracts/routes/analytics.ts';
import type { Db } from '../db/client.ts';
import type { BaseVariables } from '../http/app.ts';
import { setNextCursor } from './admin-routes.ts';
import type { AnalyticsSource } from './analytics/analytics-source.ts';
import { listMeetingRecords, listMeetingsWithUsers } from './analytics/meeting-records.ts';
import { meetingTelematics } from './analytics/telematics.ts';
import { listUserRecords, userAnalytics } from './analytics/user-analytics.ts';

/** What the operator looks at. Mount after `mountAccountAdmin`, which guards `/admin/*`. */
export function mountAnalytics<V extends BaseVariables>(
  app: OpenAPIHono<{ Variables: V }>,
  { db, source }: { db: Db; source: AnalyticsSource },
): void {
  app.openapi(meetingsWithUsersRoute, async (c) => c.json(await listMeetingsWithUsers(db, c.req.valid('query')), 200));
  app.openapi(analyticsUsersRoute, async (c) => {
    const page = await listUserRecords(db, source, c.req.valid('query'));
    setNextCursor(c, page);
    return c.json(page.items, 200);
  });
  app.openapi(analyticsMeetingsRoute, async (c) => {
    const page = await listMeetingRecords(db, c.req.valid('query'));
    setNextCursor(c, page);
    return c.json(page.items, 200);
  });
  app.openapi(telematicsRoute, async (c) =>
    c.json(await meetingTelematics(db, source, c.req.valid('param').meeting_id), 200),
  );
  app.openapi(userDetailsRoute, async (c) =>
    c.json(await userAnalytics(db, source, c.req.valid('param').user_id), 200),
  );
}
