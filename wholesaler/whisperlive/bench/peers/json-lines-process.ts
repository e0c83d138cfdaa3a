import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const keptErrorLines = 20;

/** A child process that answers each line of JSON with one line of JSON, in order. */
export class JsonLinesProcess implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: Interface;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];
  readonly #errors: string[] = [];

  constructor(command: string, args: readonly string[], env: Record<string, string | undefined>) {
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#answers = createInterface(this.#child.stdout);
    this.#answers.on('line', (line) => this.#settle(line));
    createInterface(this.#child.stderr).on('line', (line) => {
      this.#errors.push(line);
      if (this.#errors.length > keptErrorLines) this.#errors.shift();
    });
    this.#child.on('exit', (code) => this.#fail(`${command} exited with ${code}: ${this.lastErrors}`));
    this.#child.on('error', (error) => this.#fail(error.message));
  }

  get exited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The end of what it wrote to standard error. */
  get lastErrors(): string {
    return this.#errors.slice(-3).join(' | ');
  }

  ask(request: unknown): Promise<unknown> {
    if (this.exited) return Promise.reject(new Error(`the process has ended: ${this.lastErrors}`));
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.push(answer);
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.exited) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  #settle(line: string): void {
    const waiting = this.#waiting.shift();
    try {
      waiting?.resolve(JSON.parse(line));
    } catch (error) {
      waiting?.reject(error);
    }
  }

  #fail(reason: string): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error(reason));
  }
}
