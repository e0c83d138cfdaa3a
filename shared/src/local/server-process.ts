import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';

interface ServerProcessOptions {
  command: string;
  args: string[];
  /** The server accepts connections once a line of its output contains this. */
  readyWhen: string;
  options?: SpawnOptions;
  startDeadlineMs?: number;
}

/** The program is not installed. */
export class MissingProgramError extends Error {
  constructor(command: string) {
    super(`${command} is not installed`);
    this.name = 'MissingProgramError';
  }
}

const keptOutputBytes = 8_192;
// What `setpriv`, like a shell, exits with when it finds no program to run.
const notFoundExitCode = 127;

/**
 * Starts a server program in a process group of its own (a Ctrl-C in the terminal must not reach it before its
 * clients are done) and resolves when it is ready. Rejects with the end of its output when it exits first.
 */
export async function startServerProcess(settings: ServerProcessOptions): Promise<ChildProcess> {
  const { command, readyWhen, options = {}, startDeadlineMs = 30_000 } = settings;
  const [program = command, ...args] = tiedToUs([command, ...settings.args]);
  const child = spawn(program, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ready = Promise.withResolvers<void>();
  const read = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-keptOutputBytes);
    if (output.includes(readyWhen)) ready.resolve();
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  child.once('error', (error: NodeJS.ErrnoException) =>
    ready.reject(error.code === 'ENOENT' ? new MissingProgramError(command) : error),
  );
  child.once('exit', (code) =>
    ready.reject(
      code === notFoundExitCode
        ? new MissingProgramError(command)
        : new Error(`${command} exited with ${code}:\n${output}`),
    ),
  );
  const deadline = setTimeout(
    () => ready.reject(new Error(`${command} was not ready within ${startDeadlineMs} ms:\n${output}`)),
    startDeadlineMs,
  );
  try {
    await ready.promise;
    return child;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

const setpriv = '/usr/bin/setpriv';

/** On Linux the kernel ends the server when this process dies, even of a SIGKILL; elsewhere it would stay behind. */
const tiedToUs = (command: string[]): string[] =>
  existsSync(setpriv) ? [setpriv, '--pdeathsig', 'INT', '--', ...command] : command;

/** Sends `signal`, and SIGKILL when the child is still there after `graceMs`. Resolves when it is gone. */
export async function stopProcess(child: ChildProcess, signal: NodeJS.Signals, graceMs = 10_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}
