import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { requireAdminKey } from '../auth/admin-key.ts';
import {
  createUserRoute,
  deleteUserRoute,
  getUserByEmailRoute,
  getUserRoute,
  issueTokenRoute,
  listTokensRoute,
  listUsersRoute,
  revokeTokenRoute,
  updateUserRoute,
} from '../contracts/routes/admin.ts';
import { notFound } from '../errors.ts';
import type { BaseVariables } from '../http/app.ts';
import { answerOnce, operator } from '../idempotency/answer-once.ts';
import { createUser } from './create-user.ts';
import { type DeleteUserDeps, deleteUser } from './delete-user.ts';
import { issueToken } from './issue-token.ts';
import { listTokens, listUsers, type Page } from './list-accounts.ts';
import { revokeToken } from './revoke-token.ts';
import { updateUser } from './update-user.ts';
import { findUser, findUserByEmail } from './user-store.ts';

export interface AccountAdminDeps extends DeleteUserDeps {
  adminToken: string;
  /** Told after a user or one of their tokens changed or went: what is cached of them is void. */
  onAuthChanged: (userId: number) => void | Promise<void>;
}

type App<V extends BaseVariables> = OpenAPIHono<{ Variables: V }>;

/** Mounts `/admin/users…` and `/admin/tokens/…`, and guards all of `/admin/*` by the operator's key. */
export function mountAccountAdmin<V extends BaseVariables>(app: App<V>, deps: AccountAdminDeps): void {
  app.use('/admin/*', requireAdminKey(deps.adminToken));
  mountUsers(app, deps);
  mountTokens(app, deps);
}

function mountUsers<V extends BaseVariables>(app: App<V>, deps: AccountAdminDeps): void {
  const { db, onAuthChanged } = deps;
  app.openapi(createUserRoute, async (c) => {
    const input = c.req.valid('json');
    const key = c.req.valid('header')['idempotency-key'];
    const once = { userId: operator, key, request: ['createUser', input] };
    const { status, body } = await answerOnce(db, once, async (tx) => {
      const { user, created } = await createUser(tx, input);
      return { status: created ? 201 : 200, body: user };
    });
    return status === 201 ? c.json(body, 201) : c.json(body, 200);
  });
  app.openapi(listUsersRoute, async (c) => {
    const page = await listUsers(db, c.req.valid('query'));
    setNextCursor(c, page);
    return c.json(page.items, 200);
  });
  app.openapi(getUserByEmailRoute, async (c) => {
    const user = await findUserByEmail(db, c.req.valid('param').email);
    if (!user) throw notFound('User');
    return c.json(user, 200);
  });
  app.openapi(getUserRoute, async (c) => {
    const { user_id } = c.req.valid('param');
    const user = await findUser(db, user_id);
    if (!user) throw notFound('User');
    const tokens = await listTokens(db, user_id, { limit: 100 });
    return c.json({ ...user, api_tokens: tokens.items }, 200);
  });
  app.openapi(updateUserRoute, async (c) => {
    const user = await updateUser(db, c.req.valid('param').user_id, c.req.valid('json'));
    await onAuthChanged(user.id);
    return c.json(user, 200);
  });
  app.openapi(deleteUserRoute, async (c) => {
    const { user_id } = c.req.valid('param');
    await deleteUser(deps, user_id);
    await onAuthChanged(user_id);
    return c.body(null, 204);
  });
}

function mountTokens<V extends BaseVariables>(app: App<V>, { db, onAuthChanged }: AccountAdminDeps): void {
  app.openapi({ ...issueTokenRoute, middleware: acceptEmptyBody }, async (c) => {
    const { scopes, name, expires_in: expiresInSeconds } = c.req.valid('json');
    const input = { userId: c.req.valid('param').user_id, scopes, name, expiresInSeconds };
    const key = c.req.valid('header')['idempotency-key'];
    // The answer holds the key itself, of which nothing readable may be kept.
    const once = { userId: operator, key, request: ['issueToken', input], sealed: true };
    const { body } = await answerOnce(db, once, async (tx) => ({ status: 201, body: await issueToken(tx, input) }));
    return c.json(body, 201);
  });
  app.openapi(listTokensRoute, async (c) => {
    const page = await listTokens(db, c.req.valid('param').user_id, c.req.valid('query'));
    setNextCursor(c, page);
    return c.json(page.items, 200);
  });
  app.openapi(revokeTokenRoute, async (c) => {
    const { userId } = await revokeToken(db, c.req.valid('param').token_or_id);
    await onAuthChanged(userId);
    return c.body(null, 204);
  });
}

export function setNextCursor(c: Context, { nextCursor }: Page<unknown>): void {
  if (nextCursor !== undefined) c.header('x-next-cursor', nextCursor);
}

/** Old clients announce JSON and then send nothing. */
const acceptEmptyBody: MiddlewareHandler = async (c, next) => {
  if ((await c.req.text()) === '') {
    const headers = new Headers(c.req.raw.headers);
    headers.set('content-type', 'application/json');
    c.req.raw = new Request(c.req.url, { method: 'POST', headers, body: '{}' });
    c.req.bodyCache = {};
  }
  await next();
};
