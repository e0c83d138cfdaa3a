import { z } from '@hono/zod-openapi';
import { Id } from './ids.ts';
import { Scope } from './internal.ts';
import { isStorable, StorableText } from './text.ts';

const Time = z.iso.datetime().openapi({ example: '2026-08-01T09:00:00.000Z' });

export const Email = z.string().trim().pipe(z.email().max(320)).openapi({ type: 'string', format: 'email' });
const ImageUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).max(2048);
const UserData = z
  .record(z.string(), z.unknown())
  .refine(isStorable, { message: 'must be at most 1000 keys and values, without NUL characters' });
const MaxConcurrentBots = z.int().min(0).max(10_000);

export const CreateUserRequest = z
  .object({
    email: Email,
    name: StorableText(256).nullish(),
    image_url: ImageUrl.nullish(),
    max_concurrent_bots: MaxConcurrentBots.nullish(),
    data: UserData.nullish(),
  })
  .openapi('CreateUserRequest');
export type CreateUserRequest = z.infer<typeof CreateUserRequest>;

export const UpdateUserRequest = z
  .object({
    email: Email.optional(),
    name: StorableText(256).nullish(),
    image_url: ImageUrl.nullish(),
    max_concurrent_bots: MaxConcurrentBots.optional(),
    data: UserData.optional(),
  })
  .openapi('UpdateUserRequest');
export type UpdateUserRequest = z.infer<typeof UpdateUserRequest>;

export const User = z
  .object({
    id: z.int().openapi({ example: 1 }),
    email: z.string().openapi({ example: 'ann@example.com' }),
    name: z.string().nullable().openapi({ example: 'Ann' }),
    image_url: z.string().nullable(),
    max_concurrent_bots: z.int(),
    data: z.record(z.string(), z.unknown()),
    created_at: Time,
  })
  .openapi('User');
export type User = z.infer<typeof User>;

const tenYearsInSeconds = 315_360_000;

export const IssueTokenRequest = z
  .object({
    scopes: z.array(Scope).min(1).max(3).nullish().openapi({ description: 'Left out: everything (`*`).' }),
    name: StorableText(128).nullish(),
    expires_in: z.int().min(1).max(tenYearsInSeconds).nullish().openapi({ description: 'Seconds; left out: never.' }),
  })
  .openapi('IssueTokenRequest');
export type IssueTokenRequest = z.infer<typeof IssueTokenRequest>;

/** What can be told of a token after its birth. */
export const ApiToken = z
  .object({
    id: z.int(),
    user_id: z.int(),
    /** Its first characters, to tell it from others. */
    prefix: z.string().openapi({ example: 'vxa_Tq3xK9aB' }),
    scopes: z.array(Scope),
    name: z.string().nullable(),
    created_at: Time,
    last_used_at: Time.nullable(),
    expires_at: Time.nullable(),
    revoked_at: Time.nullable(),
  })
  .openapi('ApiToken');
export type ApiToken = z.infer<typeof ApiToken>;

export const IssuedToken = ApiToken.extend({
  token: z.string().openapi({
    description: 'Shown this once; only its hash is kept.',
    example: 'vxa_Tq3xK9aB0e7YhV2mZ5nC8wR1uL4sD6fG9jP3kQ7tX0A',
  }),
}).openapi('IssuedToken');
export type IssuedToken = z.infer<typeof IssuedToken>;

export const UserDetail = User.extend({ api_tokens: z.array(ApiToken) }).openapi('UserDetail');
export type UserDetail = z.infer<typeof UserDetail>;

/** `offset` (or `skip`) is for old clients; `cursor` stays quick however far one reads. */
export const AccountListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(100),
  cursor: z.string().max(64).optional(),
  offset: z.coerce.number().int().min(0).max(1_000_000).optional(),
  skip: z.coerce.number().int().min(0).max(1_000_000).optional(),
});
export type AccountListQuery = z.infer<typeof AccountListQuery>;

export const UserPath = z.object({ user_id: Id.openapi({ param: { name: 'user_id', in: 'path' }, example: 1 }) });
export const EmailPath = z.object({
  email: Email.openapi({ param: { name: 'email', in: 'path' }, example: 'ann@example.com' }),
});
export const TokenPath = z.object({
  token_or_id: z
    .string()
    .min(1)
    .max(256)
    .openapi({ param: { name: 'token_or_id', in: 'path' }, example: '1' }),
});
