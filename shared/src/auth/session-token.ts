import { decodeJwt, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

const SessionClaims = z.object({
  meeting_id: z.int().positive(),
  user_id: z.int().positive(),
  /** Which bot run the token belongs to. */
  connection_id: z.string().min(1),
  scope: z.literal('transcribe:write'),
});
export type SessionClaims = z.infer<typeof SessionClaims>;

const issuer = 'vexa:bot-manager';
const lifetime = '26h';

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** HS256 with `SESSION_TOKEN_SECRET`; longer-lived than the longest meeting a bot may attend. */
export const signSessionToken = (secret: string, claims: Omit<SessionClaims, 'scope'>): Promise<string> =>
  new SignJWT({ ...claims, scope: 'transcribe:write' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(keyOf(secret));

/** The claims, or undefined when the token is forged, expired or of another kind. */
export async function verifySessionToken(secret: string, token: string): Promise<SessionClaims | undefined> {
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), { issuer, algorithms: ['HS256'] });
    return SessionClaims.safeParse(payload).data;
  } catch {
    return undefined; // every reason a token is refused is the same to its bearer
  }
}

/** A new token with the claims of one that was good once, or undefined when it never was. For messages that are sent again. */
export async function renewSessionToken(secret: string, token: string): Promise<string | undefined> {
  try {
    const issuedAt = decodeJwt(token).iat ?? 0;
    const options = { issuer, algorithms: ['HS256'], currentDate: new Date(issuedAt * 1000) };
    const claims = SessionClaims.safeParse((await jwtVerify(token, keyOf(secret), options)).payload).data;
    return claims && (await signSessionToken(secret, claims));
  } catch {
    return undefined; // every reason a token is refused is the same to its bearer
  }
}
