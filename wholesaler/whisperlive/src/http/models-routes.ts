import type { Hono } from 'hono';
import { ApiError } from './api-error.ts';

/** What programs written for OpenAI ask for; here it is the model that is served. */
const usualName = 'whisper-1';

/** Throws `ApiError` 404 with the names that may be asked for. */
export function requireModel(wanted: string, served: string): void {
  if (wanted === served || wanted === usualName) return;
  const message = `The model "${wanted}" is not served here; available: ${served} (also as ${usualName}).`;
  throw new ApiError(404, 'model_not_found', message, { param: 'model' });
}

/** `GET /models` and `GET /models/{id}`; `created` is when the service started. */
export function mountModels(app: Hono, { served, startedAt }: { served: () => string; startedAt: Date }): void {
  const describe = (id: string) => ({
    id,
    object: 'model',
    created: Math.floor(startedAt.getTime() / 1000),
    owned_by: 'vexa',
  });
  app.get('/models', (c) => c.json({ object: 'list', data: [describe(served()), describe(usualName)] }));
  app.get('/models/:id', (c) => {
    const id = c.req.param('id');
    requireModel(id, served());
    return c.json(describe(id));
  });
}
