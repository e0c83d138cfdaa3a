import { createRoute } from '@hono/zod-openapi';
import { Meeting, MeetingPath, Message, ReconfigureBotRequest, RunningBots, StartBotRequest } from '../meeting.ts';
import { IdempotencyHeader } from './idempotency.ts';
import { json, jsonBody, keySecurity } from './parts.ts';
import { problems } from './problems.ts';

const bots = { tags: ['Bots'], security: keySecurity };

const startBot = {
  ...bots,
  method: 'post',
  path: '/bots',
  operationId: 'startBot',
  summary: 'Send a bot to a meeting',
  request: {
    headers: IdempotencyHeader,
    body: jsonBody(StartBotRequest, { platform: 'local', native_meeting_id: 'team-standup' }),
  },
} as const;
const startBotResponses = {
  201: json(Meeting, 'The bot is requested; follow `status`.'),
  ...problems(400, 401, 403, 409, 413, 422, 429, 503, 504),
};

export const startBotRoute = createRoute({ ...startBot, responses: startBotResponses });

/** The retailer's form: several users share one bot, so whoever comes second is answered the running meeting. */
export const startOrShareBotRoute = createRoute({
  ...startBot,
  responses: { 200: json(Meeting, 'A bot is there already; you now share its meeting.'), ...startBotResponses },
});

export const stopBotRoute = createRoute({
  ...bots,
  method: 'delete',
  path: '/bots/{platform}/{native_meeting_id}',
  operationId: 'stopBot',
  summary: 'Make the bot leave; safe to repeat',
  request: { params: MeetingPath },
  responses: { 202: json(Message, 'Accepted, or already completed.'), ...problems(401, 403, 404, 422, 503, 504) },
});

export const reconfigureBotRoute = createRoute({
  ...bots,
  method: 'put',
  path: '/bots/{platform}/{native_meeting_id}/config',
  operationId: 'reconfigureBot',
  summary: 'Change language or task of a running bot',
  request: { params: MeetingPath, body: jsonBody(ReconfigureBotRequest, { language: 'de' }) },
  responses: { 202: json(Message, 'Sent to the bot.'), ...problems(400, 401, 403, 404, 409, 413, 422, 503, 504) },
});

export const botsStatusRoute = createRoute({
  ...bots,
  method: 'get',
  path: '/bots/status',
  operationId: 'listRunningBots',
  summary: 'Your running bots',
  responses: { 200: json(RunningBots, 'Bots that have not ended.'), ...problems(401, 403, 503, 504) },
});
