import type { OpenAPIHono } from '@hono/zod-openapi';
import { whoAmIRoute } from '@vexa/shared/contracts/routes/auth';
import type { GatewayVariables, RequireKey } from './require-key.ts';

/** What the gateway answers itself. */
export function mountOwn(app: OpenAPIHono<{ Variables: GatewayVariables }>, requireKey: RequireKey): void {
  app.get('/', (c) => c.json({ message: 'Welcome to the Vexa API Gateway' }));
  app.openapi({ ...whoAmIRoute, middleware: requireKey }, (c) => c.json(c.get('authenticated').identity, 200));
}
