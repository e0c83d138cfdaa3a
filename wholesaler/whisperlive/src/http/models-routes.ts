import type { Hono } from 'hono';
import { ApiError } from './api-error.ts';

/** What programs written for OpenAI ask for; here it is the default model. */
const usualName = 'whisper-1';

/** The error for a model that is not offered, with the names that may be asked for, the default first. */
export function unknownModel(wanted: string, names: readonly string[]): ApiError {
  const message = `The model "${wanted}" is not served here; available: ${names.join(', ')} (${names[0]} also as ${usualName}).`;
  return new ApiError(404, 'model_not_found', message, { param: 'model' });
}

interface Dependencies {
  names: readonly string[];
  startedAt: Date;
  /** Throws until the default model is loaded. */
  ready: () => unknown;
}

/** `GET /models` and `GET /models/{id}`; `created` is when the service started. */
export function mountModels(app: Hono, { names, startedAt, ready }: Dependencies): void {
  const describe = (id: string) => ({
    id,
    object: 'model',
    created: Math.floor(startedAt.getTime() / 1000),
    owned_by: 'vexa',
  });
  app.get('/models', (c) => {
    ready();
    return c.json({ object: 'list', data: [...names, usualName].map(describe) });
  });
  app.get('/models/:id', (c) => {
    ready();
    const id = c.req.param('id');
    if (id !== usualName && !names.includes(id)) throw unknownModel(id, names);
    return c.json(describe(id));
  });
}
