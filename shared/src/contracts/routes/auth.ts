import { createRoute } from '@hono/zod-openapi';
import { Identity } from '../internal.ts';
import { json, keySecurity } from './parts.ts';
import { problems } from './problems.ts';

export const whoAmIRoute = createRoute({
  tags: ['Account'],
  security: keySecurity,
  method: 'get',
  path: '/auth/me',
  operationId: 'whoAmI',
  summary: 'Whom your key stands for',
  responses: { 200: json(Identity, 'You.'), ...problems(401, 503, 504) },
});
