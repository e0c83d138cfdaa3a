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
  return { service: createService(config, { logger }), logger };
});
