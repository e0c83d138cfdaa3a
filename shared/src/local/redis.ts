import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { MissingProgramError, startServerProcess, stopProcess } from './server-process.ts';

export interface LocalRedis extends AsyncDisposable {
  readonly url: string;
  /** Ends the server without a goodbye; `start` brings it back with what its append-only file holds. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** A real Redis of our own on a free port of 127.0.0.1, with an append-only file; its data goes when it is disposed. */
export async function startRedis({ dataDir }: { dataDir?: string } = {}): Promise<LocalRedis> {
  const root = dataDir ?? (await mkdtemp(join(tmpdir(), 'vexa-redis-')));
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', root, '--appendonly', 'yes', '--save', ''];
  const start = async () => {
    try {
      return await startServerProcess({
        command: 'redis-server',
        args: [...flags, '--appendfsync', 'everysec'],
        readyWhen: 'Ready to accept connections',
      });
    } catch (error) {
      if (!(error instanceof MissingProgramError)) throw error;
      throw new Error('redis-server is not installed: run "make setup", or set REDIS_URL to a server you have.');
    }
  };
  let server = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => stopProcess(server, 'SIGKILL'),
    async start() {
      server = await start();
    },
    async [Symbol.asyncDispose]() {
      await stopProcess(server, 'SIGTERM');
      await rm(root, { recursive: true, force: true });
    },
  };
}
