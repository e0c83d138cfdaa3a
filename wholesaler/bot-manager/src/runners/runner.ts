import type { BotConfig } from '@vexa/shared/contracts/bot';

export interface BotSpec {
  /** `vexa-bot-{meeting_id}-{8 hex}`, never used twice. */
  name: string;
  labels: Record<string, string>;
  config: BotConfig;
}

export interface RunningBot {
  /** What the runner calls it: a container id, the name of a pod, or `pid:start time`. */
  id: string;
  name: string;
}

export interface BotExit {
  name: string;
  /** Null when a signal ended it, or nobody knows. */
  exitCode: number | null;
  /** A sentence: why it was never started, so that another try would end in the same way. */
  neverRan?: string;
}

/** There is no room for another bot now. */
export class NoCapacityError extends Error {
  override name = 'NoCapacityError';
}

/**
 * Where bots run. Bots live on when the bot-manager dies; the next one finds them again by `list`, which gives only
 * the bots of this deployment.
 */
export interface Runner extends AsyncDisposable {
  /** Rejects when the bot could not be started, with `NoCapacityError` for want of room; then nothing is left of it. */
  start(spec: BotSpec): Promise<RunningBot>;
  /** Asks the bot to end, then ends it with all its children after `graceMs`. Resolves when it is gone; safe to repeat. */
  stop(id: string, options: { graceMs: number }): Promise<void>;
  /** The bots that run, as they were a moment ago. */
  list(): Promise<RunningBot[]>;
  /** The bot of this name if it runs now. */
  find(name: string): Promise<RunningBot | undefined>;
  /** Tells of the end of each bot this process started, perhaps of others too; the ends of the rest show in `list`. */
  onExit(listener: (exit: BotExit) => void): Disposable;
  /** The last lines a bot wrote, oldest first; none when they are gone already. */
  logs(name: string, options: { lines: number }): Promise<string[]>;
}
