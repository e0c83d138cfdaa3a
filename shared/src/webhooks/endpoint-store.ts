import { eq, sql } from 'drizzle-orm';
import type { WebhookEventType } from '../contracts/webhook-events.ts';
import type { Db } from '../db/client.ts';
import { webhookEndpoints } from '../db/tables/webhooks.ts';

export type WebhookEndpoint = typeof webhookEndpoints.$inferSelect;

export async function findEndpoint(db: Db, userId: number): Promise<WebhookEndpoint | undefined> {
  const [row] = await db.select().from(webhookEndpoints).where(eq(webhookEndpoints.user_id, userId));
  return row;
}

interface EndpointValues {
  userId: number;
  url: string;
  /** Used when given, or when the user has no endpoint yet. */
  secret: { given: string; previousUntil: Date | undefined } | { fallback: string };
  events: WebhookEventType[] | null;
  now: Date;
}

const keptSecrets = 3;

/**
 * Creates or replaces the user's endpoint and enables it again. A secret that another one replaces goes on signing
 * beside it until `previousUntil`; without that time every older secret ends now.
 */
export function saveEndpoint(db: Db, { userId, url, secret, events, now }: EndpointValues): Promise<WebhookEndpoint> {
  const value = 'given' in secret ? secret.given : secret.fallback;
  return db.transaction(async (tx) => {
    const [made] = await tx
      .insert(webhookEndpoints)
      .values({ user_id: userId, url, secret: value, events })
      .onConflictDoNothing()
      .returning();
    if (made) return made;
    const [old] = await tx.select().from(webhookEndpoints).where(eq(webhookEndpoints.user_id, userId)).for('update');
    if (!old) throw new Error('a webhook endpoint vanished while it was replaced');
    const [saved] = await tx
      .update(webhookEndpoints)
      .set({ url, events, enabled: true, updated_at: now, ...('given' in secret ? rotated(old, secret, now) : {}) })
      .where(eq(webhookEndpoints.user_id, userId))
      .returning();
    return saved ?? old;
  });
}

function rotated(
  old: WebhookEndpoint,
  { given, previousUntil }: { given: string; previousUntil: Date | undefined },
  now: Date,
): Pick<WebhookEndpoint, 'secret' | 'previous_secrets'> {
  if (!previousUntil) return { secret: given, previous_secrets: [] };
  const replaced = old.secret === given ? [] : [{ secret: old.secret, until: previousUntil.toISOString() }];
  const others = old.previous_secrets.filter(({ secret, until }) => secret !== given && new Date(until) > now);
  return { secret: given, previous_secrets: [...replaced, ...others].slice(0, keptSecrets) };
}

/** Every secret that signs now, the newest first. */
export const secretsOf = ({ secret, previous_secrets }: WebhookEndpoint, now: Date): string[] => [
  secret,
  ...previous_secrets.filter(({ until }) => new Date(until) > now).map((previous) => previous.secret),
];

/** Stops sending to an endpoint that said it is gone, unless its owner has set another one since. */
export async function disableEndpoint(db: Db, userId: number, url: string): Promise<void> {
  await db
    .update(webhookEndpoints)
    .set({ enabled: false, updated_at: sql`now()` })
    .where(sql`${webhookEndpoints.user_id} = ${userId} and ${webhookEndpoints.url} = ${url}`);
}
