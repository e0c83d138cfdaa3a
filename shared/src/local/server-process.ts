import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

interface ServerProcessOptions {
  command: string;
  args: string[];
  /** The server accepts connections once a line of its output contains this. */
  readyWhen: string;
  options?: SpawnOptions;
  startDeadlineMs?: number;
}

const keptOutputBytes = 8_192;

/**
 * Starts a server program in a process group of its own (a Ctrl-C in the terminal must not reach it before its
 * clients are done) and resolves when it is ready. Rejects with the end of its output when it exits first.
 */
export async function startServerProcess(settings: ServerProcessOptions): Promise<ChildProcess> {
  const { command, args, readyWhen, options = {}, startDeadlineMs = 30_000 } = settings;
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ready = Promise.withResolvers<void>();
  const read = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-keptOutputBytes);
    if (output.includes(readyWhen)) ready.resolve();
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  child.once('error', (error) => ready.reject(error));
  child.once('exit', (code) => ready.reject(new Error(`${command} exited with ${code}:\n${output}`)));
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

/** Sends `signal`, and SIGKILL when the child is still there after `graceMs`. Resolves when it is gone. */
export async function stopProcess(child: ChildProcess, signal: NodeJS.Signals, graceMs = 10_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}
