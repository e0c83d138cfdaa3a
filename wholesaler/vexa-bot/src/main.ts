import { ConfigError } from '@vexa/shared/config';
import { type BotSettings, configFromEnv } from './config.ts';
import { exitCodes } from './engine/endings.ts';
import { releaseMemory } from './release-memory.ts';
import { startBot } from './run-bot.ts';

function settingsOrExit(): BotSettings {
  try {
    return configFromEnv(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(exitCodes.badConfig);
  }
}

const bot = startBot(settingsOrExit(), { onActive: releaseMemory });
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => bot.leave(`${signal} asked the bot to leave.`));
const { exitCode } = await bot.finished;
process.exit(exitCode);
