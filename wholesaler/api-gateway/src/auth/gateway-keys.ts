import type { Authenticated, KeyCache } from '@vexa/shared/auth/key-cache';

/** Somebody known, with the token that tells the services so. */
export interface SignedIdentity extends Authenticated {
  /** Signed for 60 s, so it outlives its place in the cache. */
  identityToken: string;
}

export type GatewayKeys = KeyCache<SignedIdentity>;
