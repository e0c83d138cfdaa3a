import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('retailer-cli.ts', import.meta.url));

/** The retailer as a process of its own, which can be killed; its code is loaded before it is wanted. */
export class RetailerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #loaded: Promise<unknown>;

  constructor(env: Record<string, string>) {
    this.#child = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env });
    this.#loaded = once(this.#child, 'message');
  }

  /** Gives its URL once it serves. */
  async start(): Promise<string> {
    await this.#loaded;
    const serving = once(this.#child, 'message');
    this.#child.send('start');
    return String((await serving)[0]);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.kill();
    await gone;
  }
}
