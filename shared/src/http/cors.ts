import type { Env, Hono } from 'hono';
import { cors } from 'hono/cors';

const exposeHeaders = [
  'x-request-id',
  'x-next-cursor',
  'retry-after',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
];

/** Lets pages of these origins call from a browser and read the headers that tell of limits; `*` is any, none is nobody. */
export function allowOrigins<E extends Env>(app: Hono<E>, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.use(cors({ origin: origins.includes('*') ? '*' : [...origins], exposeHeaders, maxAge: 600 }));
}
