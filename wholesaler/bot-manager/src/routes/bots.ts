import type { OpenAPIHono } from '@hono/zod-openapi';
import { type IdentityVariables, requireIdentity } from '@vexa/shared/auth/identity-token';
import { botsStatusRoute, reconfigureBotRoute, startBotRoute, stopBotRoute } from '@vexa/shared/contracts/routes/bots';
import type { BotCommands } from '../bots/bot-commands.ts';
import { reconfigureBot } from '../bots/reconfigure-bot.ts';
import { runningBots } from '../bots/running-bots.ts';
import { type StartBotDeps, startBot } from '../bots/start-bot.ts';
import { type StopBotDeps, stopBot } from '../bots/stop-bot.ts';

export type BotRouteDeps = StartBotDeps & StopBotDeps & { commands: BotCommands; internalTokenSecret: string };

const stopMessages = {
  stopping: 'Stop request accepted and is being processed.',
  'already over': 'Meeting already completed.',
};

export function mountBots(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: BotRouteDeps): void {
  app.use('/bots', requireIdentity(deps.internalTokenSecret, 'bot'));
  app.use('/bots/*', requireIdentity(deps.internalTokenSecret, 'bot'));
  app.openapi(startBotRoute, async (c) => {
    const meeting = await startBot(deps, {
      identity: c.var.identity,
      request: c.req.valid('json'),
      idempotencyKey: c.req.valid('header')['idempotency-key'],
    });
    return c.json(meeting, 201);
  });
  app.openapi(botsStatusRoute, async (c) => c.json(await runningBots(deps.db, c.var.identity.user_id), 200));
  app.openapi(stopBotRoute, async (c) => {
    const { platform, native_meeting_id: nativeId } = c.req.valid('param');
    const result = await stopBot(deps, { userId: c.var.identity.user_id, platform, nativeId });
    return c.json({ message: stopMessages[result] }, 202);
  });
  app.openapi(reconfigureBotRoute, async (c) => {
    const { platform, native_meeting_id: nativeId } = c.req.valid('param');
    const request = c.req.valid('json');
    await reconfigureBot(deps, { userId: c.var.identity.user_id, platform, nativeId, request });
    return c.json({ message: 'Reconfiguration request accepted and sent to the bot.' }, 202);
  });
}
