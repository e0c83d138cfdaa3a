import type { Identity } from '@vexa/shared/contracts/internal';
import type { RunningBots, StartBotRequest } from '@vexa/shared/contracts/meeting';
import type { z } from 'zod';
import type { MeetingRef } from '../meetings/meeting.ts';
import type { Refresh } from '../meetings/refresh-meeting.ts';
import { listRunningBots } from './list-running-bots.ts';
import { type StartBotDeps, type StartedBot, startBot } from './start-bot.ts';
import { stopBot } from './stop-bot.ts';

/**
 * What a product that runs containers itself does with Docker; here the wholesaler does it, asked over HTTP. Nobody
 * above this knows the difference.
 */
export interface BotOperations {
  /** Throws `plan_limit`, `concurrent_bot_limit`, and what the wholesaler's refusal becomes. */
  startBotContainer(user: Identity, request: StartBotRequest, idempotencyKey?: string): Promise<StartedBot>;
  /** Safe to repeat; answers in words what is done. Throws `not_found`. */
  stopBotContainer(userId: number, meeting: MeetingRef): Promise<string>;
  getRunningBotsStatus(userId: number): Promise<z.infer<typeof RunningBots>>;
}

export const createBotOperations = (deps: StartBotDeps & { refresh: Refresh }): BotOperations => ({
  startBotContainer: (user, request, idempotencyKey) => startBot(deps, user, { asked: request, idempotencyKey }),
  stopBotContainer: (userId, meeting) => stopBot(deps, userId, meeting),
  getRunningBotsStatus: (userId) => listRunningBots(deps, userId),
});
