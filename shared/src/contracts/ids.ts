import { z } from '@hono/zod-openapi';

/** Ids are Postgres integers; a larger number names nobody. */
export const Id = z.coerce.number().int().min(1).max(2_147_483_647);
