import { z } from '@hono/zod-openapi';

/** Security schemes of the OpenAPI documents; both gateways register them under these names. */
export const securitySchemes = {
  ApiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  Bearer: { type: 'http', scheme: 'bearer' },
  AdminKey: { type: 'apiKey', in: 'header', name: 'X-Admin-API-Key' },
} as const;

export const keySecurity = [{ ApiKey: [] }, { Bearer: [] }];
export const adminSecurity = [{ AdminKey: [] }];

export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** A body that must be there: also a request that forgot its content type is told which fields are wrong. */
export const jsonBody = <S extends z.ZodType>(schema: S, example?: z.input<S>) => ({
  required: true as const,
  content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } },
});

const nextCursor = z.object({
  'x-next-cursor': z.string().optional().openapi({ description: 'Give it as `cursor` for the next page.' }),
});

/** A page of a list that is a plain array, as old clients read it; the cursor is in a header. */
export const page = <S extends z.ZodType>(schema: S) => ({
  ...json(z.array(schema), 'One page; header `x-next-cursor` leads to the next one.'),
  headers: nextCursor,
});
