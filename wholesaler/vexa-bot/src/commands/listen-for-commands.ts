import { BotCommand } from '@vexa/shared/contracts/bot';
import { channels } from '@vexa/shared/contracts/redis-names';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { connectBlockingRedis } from '@vexa/shared/redis/client';

interface Options {
  redisUrl: string;
  connectionId: string;
  logger: Logger;
  onCommand: (command: BotCommand) => void;
}

/** Hears the commands for this bot. Redis may come and go; a `leave` lost meanwhile is repeated by the callbacks. */
export function listenForCommands({ redisUrl, connectionId, logger, onCommand }: Options): Disposable {
  const redis = connectBlockingRedis(redisUrl, logger);
  redis.on('message', (_channel: string, text: string) => {
    const command = parse(text);
    if (command) onCommand(command);
    else logger.warn('a command that nobody understands was ignored');
  });
  redis
    .subscribe(channels.botCommands(connectionId))
    .catch((error: unknown) => logger.warn(errorFields(error), 'commands cannot be heard'));
  return { [Symbol.dispose]: () => redis.disconnect() };
}

function parse(text: string): BotCommand | undefined {
  try {
    return BotCommand.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
