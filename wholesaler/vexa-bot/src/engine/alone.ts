export interface AloneLimits {
  /** Nobody was seen since the bot came in. */
  noOneJoinedMs: number;
  /** Everybody who was there left. */
  everyoneLeftMs: number;
}

export interface Company {
  others: number;
  /** When something was heard last, on the same clock as `now`. */
  lastSoundAt: number | undefined;
  now: number;
}

export type AloneReason = 'startup_alone' | 'left_alone';

/** Tells when the bot has been alone for too long: nobody else is seen and nothing is heard. */
export function createAloneRule(limits: AloneLimits, startedAt: number): (company: Company) => AloneReason | undefined {
  let aloneSince = startedAt;
  let company = false;
  return ({ others, lastSoundAt, now }) => {
    if (others > 0) {
      company = true;
      aloneSince = now;
      return undefined;
    }
    if (lastSoundAt !== undefined) aloneSince = Math.max(aloneSince, lastSoundAt);
    const aloneMs = now - aloneSince;
    if (company) return aloneMs >= limits.everyoneLeftMs ? 'left_alone' : undefined;
    return aloneMs >= limits.noOneJoinedMs ? 'startup_alone' : undefined;
  };
}
