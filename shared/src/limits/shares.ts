export interface Verdict {
  allowed: boolean;
  limit: number;
  remaining: number;
  resetSeconds: number;
}

/** What a window had left after somebody took `points` of it, or that it has not so many. */
export interface Taken {
  allowed: boolean;
  remaining: number;
  msUntilReset: number;
}

interface Options {
  limit: number;
  /** Takes points from somebody's window, which all gateways share. */
  take: (who: Who, points: number) => Promise<Taken>;
  now?: () => number;
  maxCallers?: number;
}

/** A user's id, or the address of somebody unknown. */
export type Who = number | string;

/** A part of a window that is this gateway's own, until the window ends. */
interface Share {
  left: number;
  remaining: number;
  refused: boolean;
  endsAt: number;
}

const shareOfLimit = 100;

/**
 * Counts requests without asking the shared store for each: it takes a hundredth of a limit at once and deals it
 * out here. Of a limit under 100 it takes one at a time. The price: what is left of a share when its window ends is
 * lost, so with many gateways somebody may be refused up to a hundredth per gateway early, and never late.
 */
export class Shares {
  readonly #options: Required<Options>;
  readonly #shares = new Map<Who, Share>();
  readonly #underWay = new Map<Who, Promise<Share>>();

  constructor(options: Options) {
    this.#options = { now: () => performance.now(), maxCallers: 10_000, ...options };
  }

  async count(who: Who): Promise<Verdict> {
    for (let share = this.#shares.get(who); ; share = await this.#next(who)) {
      const now = this.#options.now();
      if (!share || share.endsAt <= now) continue;
      if (share.left > 0) {
        share.left -= 1;
        return this.#verdict(share, true, now);
      }
      if (share.refused) return this.#verdict(share, false, now);
    }
  }

  /** The refusal that is known of here, without counting and without asking. */
  refusal(who: Who): Verdict | undefined {
    const share = this.#shares.get(who);
    const now = this.#options.now();
    return share?.refused && share.endsAt > now ? this.#verdict(share, false, now) : undefined;
  }

  /** One request asks for the next share; the others wait for it. */
  #next(who: Who): Promise<Share> {
    const underWay = this.#underWay.get(who);
    if (underWay) return underWay;
    const next = this.#takeShare(who).finally(() => this.#underWay.delete(who));
    this.#underWay.set(who, next);
    return next;
  }

  async #takeShare(who: Who): Promise<Share> {
    const { limit, take, now, maxCallers } = this.#options;
    const points = Math.max(1, Math.floor(limit / shareOfLimit));
    const { allowed, remaining, msUntilReset } = await take(who, points);
    // Even a window that is just over counts for a moment, so that whoever waited for it is told something.
    const endsAt = now() + Math.max(50, msUntilReset);
    const share = { left: allowed ? points : 0, remaining: allowed ? remaining : 0, refused: !allowed, endsAt };
    const [oldest] = this.#shares.keys();
    this.#shares.delete(who);
    if (oldest !== undefined && this.#shares.size >= maxCallers) this.#shares.delete(oldest);
    this.#shares.set(who, share);
    return share;
  }

  #verdict({ left, remaining, endsAt }: Share, allowed: boolean, now: number): Verdict {
    const resetSeconds = Math.max(1, Math.ceil((endsAt - now) / 1_000));
    return { allowed, limit: this.#options.limit, remaining: left + remaining, resetSeconds };
  }
}
