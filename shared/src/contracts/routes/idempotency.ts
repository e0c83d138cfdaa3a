import { z } from '@hono/zod-openapi';

/** Of every POST that creates. */
export const IdempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional()
    .openapi({
      description:
        'Makes the request safe to repeat for 24 hours: the same key with the same body is given the first answer, with ' +
        'another body 422, and while the first is still running 409. Keys are yours alone; take a random one.',
      example: '5f0c3a52-6a7e-4f5e-9a59-0e4f5b0d9a11',
    }),
});
