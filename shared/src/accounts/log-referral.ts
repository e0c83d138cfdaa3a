import type { LogReferralRequest, Referral } from '../contracts/referrals.ts';
import type { Db } from '../db/client.ts';
import { isForeignKeyViolation } from '../db/pg-error.ts';
import { referralData } from '../db/tables/accounts.ts';
import { notFound } from '../errors.ts';

/** Notes where a user came from. Throws `not_found` when the user was deleted meanwhile. */
export async function logReferral(db: Db, userId: number, input: LogReferralRequest): Promise<Referral> {
  const data = Object.fromEntries(Object.entries(input).filter((entry): entry is [string, string] => !!entry[1]));
  try {
    const [row] = await db.insert(referralData).values({ user_id: userId, data }).returning();
    if (!row) throw new Error('insert into referral_data returned nothing');
    return toReferral(row);
  } catch (error) {
    if (isForeignKeyViolation(error)) throw notFound('User');
    throw error;
  }
}

const toReferral = ({ id, user_id, data, created_at }: typeof referralData.$inferSelect): Referral => ({
  id,
  user_id,
  utm_source: data.utm_source ?? null,
  utm_medium: data.utm_medium ?? null,
  utm_campaign: data.utm_campaign ?? null,
  utm_term: data.utm_term ?? null,
  utm_content: data.utm_content ?? null,
  referrer: data.referrer ?? null,
  landing_page: data.landing_page ?? null,
  created_at: created_at.toISOString(),
});
