import { z } from '@hono/zod-openapi';
import { StorableText } from './text.ts';

const Utm = StorableText(256).nullish();
const Address = StorableText(2_048).nullish();

const fields = {
  utm_source: Utm,
  utm_medium: Utm,
  utm_campaign: Utm,
  utm_term: Utm,
  utm_content: Utm,
  referrer: Address,
  landing_page: Address,
};

/** Where a user came from. */
export const LogReferralRequest = z
  .object(fields)
  .refine((given) => Object.values(given).some(Boolean), { message: 'give at least one of the fields' })
  .openapi('LogReferralRequest');
export type LogReferralRequest = z.infer<typeof LogReferralRequest>;

export const Referral = z
  .object({
    id: z.int(),
    user_id: z.int(),
    utm_source: z.string().nullable(),
    utm_medium: z.string().nullable(),
    utm_campaign: z.string().nullable(),
    utm_term: z.string().nullable(),
    utm_content: z.string().nullable(),
    referrer: z.string().nullable(),
    landing_page: z.string().nullable(),
    created_at: z.iso.datetime().openapi({ example: '2026-08-01T09:00:00.000Z' }),
  })
  .openapi('Referral');
export type Referral = z.infer<typeof Referral>;
