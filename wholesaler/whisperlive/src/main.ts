import { createLogger } from '@vexa/shared/logging';
import { main } from '@vexa/shared/process-main';
import { configFromEnv } from './config.ts';
import { createService } from './service.ts';

await main(() => {
  const config = configFromEnv(process.env);
  const logger = createLogger('whisperlive', config.logLevel);
  return { service: createService(config, { logger }), logger, drainMs: config.drainSeconds * 1000 };
});
