import type { BotExit, BotSpec, Runner } from '../src/runners/runner.ts';

interface EndOptions {
  silently?: boolean;
  neverRan?: string;
}

export interface FakeRunner extends Runner {
  readonly started: BotSpec[];
  readonly stopped: string[];
  /** Makes the next starts fail. */
  refuse: Error | undefined;
  /** Ends a bot as its own doing; `silently` as one that another process started would. */
  end(name: string, exitCode: number | null, options?: EndOptions): void;
}

/** Bots that are only names, for the rules of the lifecycle. They outlive the bot-manager, as real ones do. */
export function createFakeRunner(): FakeRunner {
  const running = new Map<string, BotSpec>();
  const listeners = new Set<(exit: BotExit) => void>();
  const started: BotSpec[] = [];
  const stopped: string[] = [];
  const end = (name: string, exitCode: number | null, { silently, ...more }: EndOptions = {}) => {
    if (!running.delete(name) || silently) return;
    for (const listener of listeners) listener({ name, exitCode, ...more });
  };
  return {
    started,
    stopped,
    refuse: undefined,
    end,
    async start(spec) {
      if (this.refuse) throw this.refuse;
      started.push(spec);
      running.set(spec.name, spec);
      return { id: `id-of-${spec.name}`, name: spec.name };
    },
    async stop(id) {
      const name = id.replace('id-of-', '');
      if (running.has(name)) stopped.push(name);
      end(name, null);
    },
    find: async (name) => (running.has(name) ? { id: `id-of-${name}`, name } : undefined),
    list: async () => [...running.keys()].map((name) => ({ id: `id-of-${name}`, name })),
    onExit(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    logs: async () => [],
    async [Symbol.asyncDispose]() {},
  };
}
