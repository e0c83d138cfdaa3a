import type { OpenAPIHono } from '@hono/zod-openapi';
import { type BaseVariables, createApp as createBaseApp } from '@vexa/shared/http/app';
import { mountHealth } from '@vexa/shared/http/health';
import type { Logger } from '@vexa/shared/logging';
import type { Assets } from './assets.ts';
import type { RoomRegistry } from './rooms/room-registry.ts';
import { mountPages } from './routes/pages.ts';
import { mountRooms } from './routes/rooms.ts';

interface Deps {
  rooms: RoomRegistry;
  assets: Assets;
  logger: Logger;
  publicUrl: string | undefined;
}

export function createApp(deps: Deps): OpenAPIHono<{ Variables: BaseVariables }> {
  const app = createBaseApp(deps.logger);
  mountHealth(app, {});
  mountRooms(app, deps);
  mountPages(app, deps.assets);
  return app;
}
