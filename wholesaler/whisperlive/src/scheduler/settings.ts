/** Every figure by which work is ordered, batched and refused; times in seconds. */
export interface SchedulerSettings {
  /** Finals decoded as one batch: the first waits for the last, so a batch must not take longer than people wait. */
  maxFinals: number;
  /**
   * The same of drafts. A batch saves little of what they cost, which is their encoding, and each of its rows waits for the
   * others' encoding and for the most tokens: with six at once, base and 6 people speaking, drafts took 0.45 s each, alone 0.3.
   */
  maxDrafts: number;
  /** The same of files; fewer than of finals, because a final that comes meanwhile waits until they are done. */
  maxFiles: number;
  /** Audio of one batch: bounds how long it takes. */
  maxBatchSeconds: number;
  /** Clips of one batch differ by no more than this factor, since rows of a batch pay for the longest; shorter ones than `likeSeconds` count as that. */
  maxRatio: number;
  likeSeconds: number;
  /** A file's utterance goes before drafts after this, so that busy streams slow files down but cannot stop them. */
  maxFileWait: number;
  /** A draft that takes longer than this is of no use: at this delay the pressure is 1. */
  maxDraftDelay: number;
  /** At this mean delay of drafts first words just come within the 2 s promised: none of them can be given up. */
  lateDraft: number;
  /** The share of drafts that first words need on an idle engine: one every 1.3 s instead of every 0.8 s. */
  leastDrafts: number;
  /** What is promised of finals, from the end of the utterance; at this mean delay the pressure is 1 too. */
  maxFinalDelay: number;
  /** Share of the time that the engine may be busy with what must be served; the rest is for what comes at once. */
  maxBusyShare: number;
  /** After so long, what was measured counts half. */
  halfLife: number;
  /** A stream that was let in so lately is counted as one that will speak. */
  freshFor: number;
  /**
   * Fewer streams than this are always served, as well as the machine can. Not 1: of so few, measurements say little (one
   * slow moment of the machine is most of them), and who is refused in a talk of three loses words, who is late does not.
   */
  leastStreams: number;
  /** Above this share, late finals alone are reason to refuse. */
  lateShare: number;
  /** The most minutes a refused stream is told to wait. */
  maxWaitMinutes: number;
}

export const defaultSettings: SchedulerSettings = {
  maxFinals: 8,
  maxDrafts: 1,
  maxFiles: 6,
  maxBatchSeconds: 60,
  maxRatio: 2,
  likeSeconds: 3,
  maxFileWait: 5,
  maxDraftDelay: 3,
  lateDraft: 0.5,
  leastDrafts: 0.6,
  maxFinalDelay: 1.2,
  maxBusyShare: 0.85,
  halfLife: 10,
  freshFor: 15,
  leastStreams: 4,
  lateShare: 0.5,
  maxWaitMinutes: 5,
};
