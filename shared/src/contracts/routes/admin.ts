import { createRoute } from '@hono/zod-openapi';
import {
  AccountListQuery,
  ApiToken,
  CreateUserRequest,
  EmailPath,
  IssuedToken,
  IssueTokenRequest,
  TokenPath,
  UpdateUserRequest,
  User,
  UserDetail,
  UserPath,
} from '../accounts.ts';
import { IdempotencyHeader } from './idempotency.ts';
import { adminSecurity, json, jsonBody, page } from './parts.ts';
import { problems } from './problems.ts';

const admin = { tags: ['Admin'], security: adminSecurity };
export const createUserRoute = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/users',
  operationId: 'createUser',
  summary: 'Create a user, or find the one with this email',
  request: { headers: IdempotencyHeader, body: jsonBody(CreateUserRequest, { email: 'ann@example.com', name: 'Ann' }) },
  responses: {
    200: json(User, 'The user that has this email already, unchanged.'),
    201: json(User, 'The new user.'),
    ...problems(400, 401, 409, 413, 422, 503, 504),
  },
});

export const listUsersRoute = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/users',
  operationId: 'listUsers',
  summary: 'Users by id',
  request: { query: AccountListQuery },
  responses: { 200: page(User), ...problems(401, 422, 503, 504) },
});

export const getUserByEmailRoute = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/users/email/{email}',
  operationId: 'getUserByEmail',
  summary: 'The user with this email, in any case of letters',
  request: { params: EmailPath },
  responses: { 200: json(User, 'The user.'), ...problems(401, 404, 422, 503, 504) },
});

export const getUserRoute = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/users/{user_id}',
  operationId: 'getUser',
  summary: 'A user with their newest tokens',
  request: { params: UserPath },
  responses: { 200: json(UserDetail, 'The user; at most 100 tokens.'), ...problems(401, 404, 422, 503, 504) },
});

export const updateUserRoute = createRoute({
  ...admin,
  method: 'patch',
  path: '/admin/users/{user_id}',
  operationId: 'updateUser',
  summary: 'Change the given fields of a user',
  request: { params: UserPath, body: jsonBody(UpdateUserRequest, { max_concurrent_bots: 3 }) },
  responses: { 200: json(User, 'The changed user.'), ...problems(400, 401, 404, 409, 413, 422, 503, 504) },
});

export const deleteUserRoute = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/users/{user_id}',
  operationId: 'deleteUser',
  summary: 'Delete a user, their keys and what their bots heard; refused while a bot of theirs is running',
  request: { params: UserPath },
  responses: { 204: { description: 'Gone.' }, ...problems(401, 404, 409, 422, 503, 504) },
});

export const issueTokenRoute = createRoute({
  ...admin,
  method: 'post',
  path: '/admin/users/{user_id}/tokens',
  operationId: 'issueToken',
  summary: 'Make a key for a user; it is shown this once',
  request: {
    params: UserPath,
    headers: IdempotencyHeader,
    body: {
      content: { 'application/json': { schema: IssueTokenRequest, example: { scopes: ['tx'], name: 'reader' } } },
    },
  },
  responses: { 201: json(IssuedToken, 'The key.'), ...problems(400, 401, 404, 409, 413, 422, 503, 504) },
});

export const listTokensRoute = createRoute({
  ...admin,
  method: 'get',
  path: '/admin/users/{user_id}/tokens',
  operationId: 'listTokens',
  summary: 'What a user has for keys, newest first',
  request: { params: UserPath, query: AccountListQuery },
  responses: { 200: page(ApiToken), ...problems(401, 404, 422, 503, 504) },
});

export const revokeTokenRoute = createRoute({
  ...admin,
  method: 'delete',
  path: '/admin/tokens/{token_or_id}',
  operationId: 'revokeToken',
  summary: 'End a key, named by its id or by itself; safe to repeat',
  request: { params: TokenPath },
  responses: { 204: { description: 'It opens nothing any more.' }, ...problems(401, 404, 422, 503, 504) },
});
