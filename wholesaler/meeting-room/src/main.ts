import { parseEnv } from '@vexa/shared/config';
import { createLogger } from '@vexa/shared/logging';
import { main } from '@vexa/shared/process-main';
import { MeetingRoomEnv, toConfig } from './config.ts';
import { createService } from './service.ts';

await main(() => {
  const env = parseEnv(MeetingRoomEnv, process.env);
  const logger = createLogger('meeting-room', env.LOG_LEVEL);
  return { service: createService(toConfig(env), { logger }), logger };
});
