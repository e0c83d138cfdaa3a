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
  /** Takes points from the user's window, which all gateways share. */
  take: (userId: number, points: number) => Promise<Taken>;
  now?: () => number;
  maxUsers?: number;
}

/** A part of a user's window that is this gateway's own, until the window ends. */
interface Share {
  left: number;
  remaining: number;
  refused: boolean;
  endsAt: number;
}

const shareOfLimit = 100;

/**
 * Counts requests without asking the shared store for each: it takes a hundredth of a user's limit at once and deals it
 * out here. Of a limit under 100 it takes one at a time. The price: what is left of a share when its window ends is
 * lost, so with many gateways a user may be refused up to a hundredth per gateway early, and never late.
 */
export class Shares {
  readonly #options: Required<Options>;
  readonly #shares = new Map<number, Share>();
  readonly #underWay = new Map<number, Promise<Share>>();

  constructor(options: Options) {
    this.#options = { now: () => performance.now(), maxUsers: 10_000, ...options };
  }

  async count(userId: number): Promise<Verdict> {
    for (let share = this.#shares.get(userId); ; share = await this.#next(userId)) {
      const now = this.#options.now();
      if (!share || share.endsAt <= now) continue;
      if (share.left > 0) {
        share.left -= 1;
        return this.#verdict(share, true, now);
      }
      if (share.refused) return this.#verdict(share, false, now);
    }
  }

  /** One request asks for the next share; the others wait for it. */
  #next(userId: number): Promise<Share> {
    const underWay = this.#underWay.get(userId);
    if (underWay) return underWay;
    const next = this.#takeShare(userId).finally(() => this.#underWay.delete(userId));
    this.#underWay.set(userId, next);
    return next;
  }

  async #takeShare(userId: number): Promise<Share> {
    const { limit, take, now, maxUsers } = this.#options;
    const points = Math.max(1, Math.floor(limit / shareOfLimit));
    const { allowed, remaining, msUntilReset } = await take(userId, points);
    // Even a window that is just over counts for a moment, so that whoever waited for it is told something.
    const endsAt = now() + Math.max(50, msUntilReset);
    const share = { left: allowed ? points : 0, remaining: allowed ? remaining : 0, refused: !allowed, endsAt };
    const [oldest] = this.#shares.keys();
    this.#shares.delete(userId);
    if (oldest !== undefined && this.#shares.size >= maxUsers) this.#shares.delete(oldest);
    this.#shares.set(userId, share);
    return share;
  }

  #verdict({ left, remaining, endsAt }: Share, allowed: boolean, now: number): Verdict {
    const resetSeconds = Math.max(1, Math.ceil((endsAt - now) / 1_000));
    return { allowed, limit: this.#options.limit, remaining: left + remaining, resetSeconds };
  }
}
