import type { FailureStage } from '@vexa/shared/contracts/meeting';

export type Stage = Extract<FailureStage, 'joining' | 'awaiting_admission' | 'active'>;

const order: Stage[] = ['joining', 'awaiting_admission', 'active'];

/** How far the bot has come. After a second try at the door the earlier stages are not announced again. */
export class Progress {
  readonly #announce: (stage: Stage) => void;
  #stage: Stage | undefined;

  constructor(announce: (stage: Stage) => void) {
    this.#announce = announce;
  }

  get stage(): Stage {
    return this.#stage ?? 'joining';
  }

  reach(stage: Stage): void {
    if (this.#stage !== undefined && order.indexOf(stage) <= order.indexOf(this.#stage)) return;
    this.#stage = stage;
    this.#announce(stage);
  }
}
