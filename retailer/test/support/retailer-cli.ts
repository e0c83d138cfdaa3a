// The retailer's main.ts, which waits with its code loaded until it is told to start.
import { once } from 'node:events';
import { createLogger } from '@vexa/shared/logging';
import { main } from '@vexa/shared/process-main';
import { configFromEnv } from '../../src/config.ts';
import { createService } from '../../src/service.ts';

process.send?.('loaded');
await once(process, 'message');
await main(() => {
  const config = configFromEnv(process.env);
  const logger = createLogger('retailer', config.logLevel);
  const service = createService(config, { logger });
  const start = async () => {
    const { url } = await service.start();
    process.send?.(url);
    return { url };
  };
  return { service: { ...service, start }, logger };
});
