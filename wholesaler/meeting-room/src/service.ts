import { listen } from '@vexa/shared/http/server';
import { createLogger, type Logger } from '@vexa/shared/logging';
import type { Service } from '@vexa/shared/service';
import { createApp } from './app.ts';
import { loadAssets } from './assets.ts';
import type { MeetingRoomConfig } from './config.ts';
import { defaultLimits, type RoomLimits } from './rooms/limits.ts';
import { RoomRegistry } from './rooms/room-registry.ts';
import { attachSocketServer } from './signaling/socket-server.ts';

interface Overrides {
  logger?: Logger;
  limits?: Partial<RoomLimits>;
  now?: () => number;
}

export interface MeetingRoomService extends Service {
  start(): Promise<{ url: string }>;
}

const sweepEveryMs = 30_000;

/** The meeting room: pages, room API and signaling on one port. Audio flows between the participants themselves. */
export function createService(config: MeetingRoomConfig, overrides: Overrides = {}): MeetingRoomService {
  const logger = overrides.logger ?? createLogger('meeting-room');
  const limits = { ...defaultLimits, ...overrides.limits };
  const stack = new AsyncDisposableStack();
  return {
    async start() {
      const rooms = new RoomRegistry({ limits, iceServers: config.iceServers, now: overrides.now ?? Date.now });
      const app = createApp({ rooms, assets: loadAssets(config), logger, publicUrl: config.publicUrl });
      const http = stack.use(await listen(app, config.http));
      stack.use(attachSocketServer({ rooms, logger }, http.server));
      stack.use(rooms);
      const sweeper = setInterval(() => rooms.sweep(), sweepEveryMs);
      stack.defer(() => clearInterval(sweeper));
      return { url: config.publicUrl ?? http.url };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
