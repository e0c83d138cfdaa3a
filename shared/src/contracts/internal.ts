import { z } from '@hono/zod-openapi';

/** Who a request acts for, as the gateway established it; travels as a signed token between services. */
export const Identity = z
  .object({
    user_id: z.int().positive(),
    email: z.string(),
    scopes: z.array(z.enum(['bot', 'tx', '*'])),
    max_concurrent_bots: z.int().min(0),
    plan: z.string().nullable(),
  })
  .openapi('Identity');
export type Identity = z.infer<typeof Identity>;

/** `POST /internal/authenticate` of admin-api: answers the key's `Identity`, or 401. */
export const AuthenticateRequest = z.object({ key: z.string().min(1).max(512) });
export type AuthenticateRequest = z.infer<typeof AuthenticateRequest>;

export const Scope = z.enum(['bot', 'tx', '*']);
export type Scope = z.infer<typeof Scope>;

/** `POST /internal/meetings/{id}/drain` of the collector: the finish barrier's question. */
export const DrainRequest = z.object({
  /** Close sessions that never said they ended (their process is gone) and persist what they left. */
  force: z.boolean().default(false),
});
export const DrainReply = z.object({
  /** True when every session ended, the stream is consumed up to the request, and Redis holds no segment. */
  drained: z.boolean(),
  open_sessions: z.array(z.string()),
  segment_count: z.int(),
  checksum: z.string(),
  audio_seconds: z.number(),
  speech_seconds: z.number(),
});
export type DrainReply = z.infer<typeof DrainReply>;

/**
 * Retention, asked of bot-manager by whoever watches the time. `POST /internal/meetings/{id}/expiring` tells the customer
 * by `meeting.expiring`, once however often it is asked; `POST /internal/meetings/{id}/expire` purges and redacts the
 * meeting as its customer's DELETE does. Both answer 204, 404, or 409 while the meeting is live.
 */
export const ExpiringRequest = z.object({ expires_at: z.iso.datetime() });
export type ExpiringRequest = z.infer<typeof ExpiringRequest>;
