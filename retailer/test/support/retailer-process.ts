import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { adminToken, systemKey, webhookSecret } from '../fixture.ts';

const entry = fileURLToPath(new URL('retailer-cli.ts', import.meta.url));

/** The retailer as a process of its own, which can be killed; its code is loaded before it is wanted. */
export class RetailerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #loaded: Promise<unknown>;

  constructor(port: number, env: Record<string, string>) {
    this.url = `http://127.0.0.1:${port}`;
    this.#child = spawn(process.execPath, [entry], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        ADMIN_PORT: '0',
        LOG_LEVEL: 'silent',
        ADMIN_API_TOKEN: adminToken,
        VEXA_INFRA_API_KEY: systemKey,
        WHOLESALER_WEBHOOK_SECRET: webhookSecret,
        WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
        ...env,
      },
    });
    this.#loaded = once(this.#child, 'message');
  }

  /** Resolves once it serves. */
  async start(): Promise<void> {
    await this.#loaded;
    this.#child.send('start');
    const isReady = () =>
      fetch(`${this.url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitFor('the retailer process', isReady, { deadlineMs: 60_000 });
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
