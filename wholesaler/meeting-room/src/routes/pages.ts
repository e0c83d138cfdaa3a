import type { OpenAPIHono } from '@hono/zod-openapi';
import { notFound } from '@vexa/shared/errors';
import type { BaseVariables } from '@vexa/shared/http/app';
import type { Context } from 'hono';
import type { Assets } from '../assets.ts';
import { RoomId } from '../signaling/messages.ts';

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "media-src 'self' blob: mediastream:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `GET /`, `GET /{room}`, where switched on `GET /faces/{platform}/…`, and what they load. */
export function mountPages(app: OpenAPIHono<{ Variables: BaseVariables }>, assets: Assets): void {
  const page = (c: Context, name: string, status: 200 | 404 = 200, folder = 'page') => {
    const file = assets.get(`${folder}/${name}`);
    if (!file) throw notFound('Page');
    c.header('content-security-policy', contentSecurityPolicy);
    c.header('referrer-policy', 'no-referrer');
    c.header('x-content-type-options', 'nosniff');
    c.header('cache-control', 'no-cache');
    return c.html(file.body, status);
  };
  app.get('/', (c) => page(c, 'home.html'));
  app.get('/assets/:folder/:name', (c) => {
    const file = assets.get(`${c.req.param('folder')}/${c.req.param('name')}`);
    if (!file) throw notFound('File');
    return c.body(file.body, 200, {
      'content-type': file.contentType,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
  });
  app.get('/faces/:platform/*', (c) => page(c, `${c.req.param('platform')}.html`, 200, 'faces'));
  app.get('/:room', (c) =>
    RoomId.safeParse(c.req.param('room')).success ? page(c, 'room.html') : page(c, 'not-a-room.html', 404),
  );
}
