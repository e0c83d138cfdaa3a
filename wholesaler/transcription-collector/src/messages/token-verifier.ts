import { type SessionClaims, verifySessionToken } from '@vexa/shared/auth/session-token';

const freshMs = 60_000;
const maxTokens = 10_000;

/** The claims of a session token, or undefined for one that is forged or expired. */
export type TokenVerifier = (token: string) => Promise<SessionClaims | undefined>;

/** Remembers what a good token says for a minute: every message of a bot carries the same one. */
export function createTokenVerifier(sessionTokenSecret: string): TokenVerifier {
  const known = new Map<string, { claims: SessionClaims; at: number }>();
  return async (token) => {
    const entry = known.get(token);
    if (entry && performance.now() - entry.at < freshMs) return entry.claims;
    const claims = await verifySessionToken(sessionTokenSecret, token);
    known.delete(token);
    if (!claims) return undefined;
    known.set(token, { claims, at: performance.now() });
    const oldest = known.keys().next();
    if (known.size > maxTokens && !oldest.done) known.delete(oldest.value);
    return claims;
  };
}
