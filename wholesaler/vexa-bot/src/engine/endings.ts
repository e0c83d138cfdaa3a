import type { CompletionReason, FailureStage } from '@vexa/shared/contracts/meeting';

/** Why and how a run is over; what the last callback tells. */
export interface Ending {
  status: 'completed' | 'failed';
  completionReason: CompletionReason;
  /** For operators and users: one sentence. */
  reason: string;
  failureStage?: FailureStage;
}

/** The page is gone or gave up, which another try may mend. */
export class PageLost extends Error {
  override name = 'PageLost';
}

/** The run is over; thrown from wherever it is noticed. */
export class RunOver extends Error {
  readonly ending: Ending;

  constructor(ending: Ending) {
    super(ending.reason);
    this.name = 'RunOver';
    this.ending = ending;
  }
}

export const completed = (completionReason: CompletionReason, reason: string): Ending => ({
  status: 'completed',
  completionReason,
  reason,
});

export const failed = (completionReason: CompletionReason, failureStage: FailureStage, reason: string): Ending => ({
  status: 'failed',
  completionReason,
  failureStage,
  reason,
});

/** What the process exits with; 2 (unusable configuration) is decided before a run begins. */
export const exitCodes = { completed: 0, failed: 1, badConfig: 2, disowned: 3 } as const;
