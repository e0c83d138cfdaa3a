import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import {
  botsStatusRoute,
  reconfigureBotRoute,
  startOrShareBotRoute,
  stopBotRoute,
} from '@vexa/shared/contracts/routes/bots';
import { requireKey } from '../auth/require-key.ts';
import { listRunningBots } from '../bots/list-running-bots.ts';
import { reconfigureBot } from '../bots/reconfigure-bot.ts';
import { type StartBotDeps, startBot } from '../bots/start-bot.ts';
import { stopBot } from '../bots/stop-bot.ts';
import type { Refresh } from '../meetings/refresh-meeting.ts';

type BotRouteDeps = StartBotDeps & { refresh: Refresh };

export function mountBots(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: BotRouteDeps): void {
  const middleware = requireKey(deps.db, 'bot');
  app.openapi({ ...startOrShareBotRoute, middleware }, async (c) => {
    const { meeting, shared } = await startBot(deps, c.var.identity, c.req.valid('json'));
    return shared ? c.json(meeting, 200) : c.json(meeting, 201);
  });
  app.openapi({ ...botsStatusRoute, middleware }, async (c) =>
    c.json(await listRunningBots(deps, c.var.identity.user_id), 200),
  );
  app.openapi({ ...stopBotRoute, middleware }, async (c) => {
    const { platform, native_meeting_id: nativeId } = c.req.valid('param');
    return c.json({ message: await stopBot(deps, c.var.identity.user_id, { platform, nativeId }) }, 202);
  });
  app.openapi({ ...reconfigureBotRoute, middleware }, async (c) => {
    const { platform, native_meeting_id: nativeId } = c.req.valid('param');
    const change = { ref: { platform, nativeId }, change: c.req.valid('json') };
    await reconfigureBot(deps, c.var.identity.user_id, change);
    return c.json({ message: 'Reconfiguration request accepted and sent to the bot.' }, 202);
  });
}
