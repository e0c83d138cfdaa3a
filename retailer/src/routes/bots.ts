import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import {
  botsStatusRoute,
  reconfigureBotRoute,
  startOrShareBotRoute,
  stopBotRoute,
} from '@vexa/shared/contracts/routes/bots';
import type { Guard } from '../auth/guard.ts';
import type { BotOperations } from '../bots/bot-operations.ts';
import { type ReconfigureDeps, reconfigureBot } from '../bots/reconfigure-bot.ts';
import { refOf } from './meeting-ref.ts';

export interface BotRouteDeps extends ReconfigureDeps {
  guard: Guard;
  bots: BotOperations;
}

export function mountBots(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: BotRouteDeps): void {
  const { bots } = deps;
  const middleware = deps.guard('bot');
  app.openapi({ ...startOrShareBotRoute, middleware }, async (c) => {
    const key = c.req.valid('header')['idempotency-key'];
    const { meeting, shared } = await bots.startBotContainer(c.var.identity, c.req.valid('json'), key);
    return shared ? c.json(meeting, 200) : c.json(meeting, 201);
  });
  app.openapi({ ...botsStatusRoute, middleware }, async (c) =>
    c.json(await bots.getRunningBotsStatus(c.var.identity.user_id), 200),
  );
  app.openapi({ ...stopBotRoute, middleware }, async (c) => {
    const message = await bots.stopBotContainer(c.var.identity.user_id, refOf(c.req.valid('param')));
    return c.json({ message }, 202);
  });
  app.openapi({ ...reconfigureBotRoute, middleware }, async (c) => {
    const change = { ref: refOf(c.req.valid('param')), change: c.req.valid('json') };
    await reconfigureBot(deps, c.var.identity.user_id, change);
    return c.json({ message: 'Reconfiguration request accepted and sent to the bot.' }, 202);
  });
}
