import type { RouteConfig } from '@hono/zod-openapi';
import type { Scope } from '@vexa/shared/contracts/internal';
import * as admin from '@vexa/shared/contracts/routes/admin';
import * as analytics from '@vexa/shared/contracts/routes/analytics';
import * as bots from '@vexa/shared/contracts/routes/bots';
import * as meetings from '@vexa/shared/contracts/routes/meetings';
import * as plans from '@vexa/shared/contracts/routes/plans';
import * as transcripts from '@vexa/shared/contracts/routes/transcripts';
import * as usage from '@vexa/shared/contracts/routes/usage';
import * as webhooks from '@vexa/shared/contracts/routes/webhooks';

/** `collectorLive`: the collector over connections of their own, because a follower holds one for minutes. */
export type UpstreamName = 'adminApi' | 'botManager' | 'collector' | 'collectorLive';

export interface ProxiedRoute {
  route: RouteConfig & { getRoutingPath(): string };
  upstream: UpstreamName;
  /** One of these scopes is needed; `key`: any key will do; `operator`: the admin key, which the service checks; `public`: nothing. */
  access: Exclude<Scope, '*'>[] | 'key' | 'operator' | 'public';
}

/** Everything the gateway lets through, and nothing else. */
export const proxiedRoutes: ProxiedRoute[] = [
  { route: bots.startBotRoute, upstream: 'botManager', access: ['bot'] },
  { route: bots.botsStatusRoute, upstream: 'botManager', access: ['bot'] },
  { route: bots.stopBotRoute, upstream: 'botManager', access: ['bot'] },
  { route: bots.reconfigureBotRoute, upstream: 'botManager', access: ['bot'] },
  { route: meetings.listMeetingsRoute, upstream: 'botManager', access: ['tx', 'bot'] },
  { route: meetings.getMeetingRoute, upstream: 'botManager', access: ['tx', 'bot'] },
  { route: meetings.patchMeetingRoute, upstream: 'botManager', access: ['tx'] },
  { route: meetings.deleteMeetingRoute, upstream: 'botManager', access: ['tx'] },
  { route: transcripts.getTranscriptRoute, upstream: 'collector', access: ['tx'] },
  { route: transcripts.liveTranscriptRoute, upstream: 'collectorLive', access: ['tx'] },
  { route: transcripts.shareTranscriptRoute, upstream: 'collector', access: ['tx'] },
  { route: transcripts.publicTranscriptRoute, upstream: 'collector', access: 'public' },
  { route: transcripts.searchRoute, upstream: 'collector', access: ['tx'] },
  { route: webhooks.setWebhookRoute, upstream: 'botManager', access: 'key' },
  { route: webhooks.getWebhookRoute, upstream: 'botManager', access: 'key' },
  { route: webhooks.listDeliveriesRoute, upstream: 'botManager', access: 'key' },
  { route: webhooks.replayDeliveryRoute, upstream: 'botManager', access: 'key' },
  { route: webhooks.testWebhookRoute, upstream: 'botManager', access: 'key' },
  { route: webhooks.listDeadWebhooksRoute, upstream: 'botManager', access: 'operator' },
  { route: webhooks.replayWebhookRoute, upstream: 'botManager', access: 'operator' },
  { route: usage.usageQuoteRoute, upstream: 'adminApi', access: 'key' },
  { route: usage.logReferralRoute, upstream: 'adminApi', access: 'key' },
  { route: usage.logReferralOldRoute, upstream: 'adminApi', access: 'key' },
  ...[
    admin.createUserRoute,
    admin.listUsersRoute,
    admin.getUserByEmailRoute,
    admin.getUserRoute,
    admin.updateUserRoute,
    admin.deleteUserRoute,
    admin.issueTokenRoute,
    admin.listTokensRoute,
    admin.revokeTokenRoute,
    plans.createPlanRoute,
    plans.listPlansRoute,
    plans.getPlanRoute,
    plans.updatePlanRoute,
    plans.deletePlanRoute,
    plans.assignPlanRoute,
    plans.getUserPlanRoute,
    plans.updateUserPlanRoute,
    plans.removeUserPlanRoute,
    usage.checkLimitsRoute,
    analytics.meetingsWithUsersRoute,
    analytics.analyticsUsersRoute,
    analytics.analyticsMeetingsRoute,
    analytics.telematicsRoute,
    analytics.userDetailsRoute,
  ].map((route) => ({ route, upstream: 'adminApi', access: 'operator' }) as const),
];
