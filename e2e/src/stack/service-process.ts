import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { stopProcess } from '@vexa/shared/local/server-process';

export interface ServiceDefinition {
  name: string;
  /** Path of the service's `main.ts`. */
  entry: string;
  env: Record<string, string>;
  /** Answers 200 once the service can be used. */
  readyUrl: string;
}

export type LogLine = (service: string, line: string) => void;

const startDeadlineMs = 60_000;

/** One service of the stack as a process of its own, which can be killed and started again under the same name. */
export class ServiceProcess implements AsyncDisposable {
  readonly name: string;
  readonly #definition: ServiceDefinition;
  readonly #onLine: LogLine;
  readonly #onDeath: (name: string, code: number | null) => void;
  #child: ChildProcess | undefined;
  #expectedToEnd = false;

  constructor(definition: ServiceDefinition, onLine: LogLine, onDeath: (name: string, code: number | null) => void) {
    this.name = definition.name;
    this.#definition = definition;
    this.#onLine = onLine;
    this.#onDeath = onDeath;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process and resolves once it is ready. Rejects when it exits first or takes over a minute. */
  async start(): Promise<void> {
    this.#expectedToEnd = false;
    // The ipc channel is the life line: a service whose supervisor vanished ends by itself.
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', this.#definition.entry], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...this.#definition.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    let tail: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        tail = [...tail.slice(-20), line];
        this.#onLine(this.name, line);
      });
    }
    let ended = false;
    child.once('exit', (code) => {
      ended = true;
      if (!this.#expectedToEnd) this.#onDeath(this.name, code);
    });
    const deadline = performance.now() + startDeadlineMs;
    while (!(await answers(this.#definition.readyUrl))) {
      if (ended) throw new Error(`${this.name} ended before it was ready:\n${tail.join('\n')}`);
      if (performance.now() > deadline) throw new Error(`${this.name} was not ready in time:\n${tail.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends the process as a crash would: no goodbye, nothing flushed. */
  async kill(): Promise<void> {
    this.#expectedToEnd = true;
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#expectedToEnd = true;
    if (this.#child) await stopProcess(this.#child, 'SIGTERM', 35_000);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // not listening yet
  }
}
