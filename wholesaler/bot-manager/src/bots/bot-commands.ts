import type { BotCommand } from '@vexa/shared/contracts/bot';
import { channels } from '@vexa/shared/contracts/redis-names';

/** The part of a Redis client that tells others. */
export interface Publisher {
  publish(channel: string, message: string): Promise<number>;
}

export interface BotCommands {
  /** Resolves to how many listen on the bot's channel. Rejects when Redis is away. */
  send(connectionId: string, command: BotCommand): Promise<number>;
}

export const createBotCommands = (redis: Publisher): BotCommands => ({
  send: (connectionId, command) => redis.publish(channels.botCommands(connectionId), JSON.stringify(command)),
});
