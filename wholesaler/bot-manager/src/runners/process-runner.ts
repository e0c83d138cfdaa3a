import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '@vexa/shared/files/error-code';
import { keepBotLogs } from './bot-logs.ts';
import { keepBotScratch } from './bot-scratch.ts';
import { type ProcessRow, readProcess, readProcesses, withDescendants } from './process-table.ts';
import type { BotExit, BotSpec, Runner, RunningBot } from './runner.ts';

interface ProcessRunnerOptions {
  /** The file Node runs for each bot. */
  entry: string;
  env: Record<string, string>;
  logDir: string;
  /** Tells the bots of this deployment from those of others on the same machine. */
  owner: string;
}

const botName = /^vexa-bot-\d+-[0-9a-f]{8}$/;
const killWaitMs = 5_000;
const pollMs = 50;

/**
 * Bots as processes of this machine, each leading a process group of its own, so that they outlive the bot-manager.
 * A bot is known by pid and start time (a pid alone is used again), and found again by its arguments.
 */
export function createProcessRunner({ entry, env, logDir, owner }: ProcessRunnerOptions): Runner {
  const logs = keepBotLogs(logDir);
  const scratch = keepBotScratch(join(tmpdir(), `vexa-bots-${owner}`));
  const listeners = new Set<(exit: BotExit) => void>();
  const ownerFlag = `--owner=${owner}`;

  const read = async (id: string): Promise<ProcessRow | undefined> => {
    const [pid, startedAt] = id.split(':');
    const row = await readProcess(Number(pid));
    return row?.startedAt === startedAt ? row : undefined;
  };

  const list = async (): Promise<RunningBot[]> => {
    const bots = (await readProcesses()).flatMap((row): RunningBot[] => {
      const name = row.args.includes(ownerFlag) && row.args.find((arg) => botName.test(arg));
      return name ? [{ id: `${row.pid}:${row.startedAt}`, name }] : [];
    });
    await scratch.sweep(new Set(bots.map(({ name }) => name)));
    return bots;
  };

  return {
    async start(spec) {
      const log = await logs.open(spec.name);
      try {
        const child = spawn(process.execPath, [entry, spec.name, ownerFlag], {
          detached: true,
          env: { ...env, TMPDIR: await scratch.make(spec.name), BOT_CONFIG: JSON.stringify(spec.config) },
          stdio: ['ignore', log.fd, log.fd],
        });
        return await started(child, spec, (exit) => {
          void scratch.remove(spec.name);
          for (const listener of listeners) listener(exit);
        });
      } finally {
        await log.close();
      }
    },
    async stop(id, { graceMs }) {
      const bot = await read(id);
      if (!bot) return;
      const family = withDescendants(await readProcesses(), bot.pid);
      signal(-bot.pid, 'SIGTERM');
      const gone = async () => (await read(id)) === undefined;
      if (!(await within(graceMs, gone))) signal(-bot.pid, 'SIGKILL');
      // A browser leads a group of its own and may be left behind.
      for (const { pid, startedAt } of family) {
        if ((await readProcess(pid))?.startedAt === startedAt) signal(pid, 'SIGKILL');
      }
      if (!(await within(killWaitMs, gone))) throw new Error(`the bot ${id} does not end`);
      const name = bot.args.find((arg) => botName.test(arg));
      if (name) await scratch.remove(name);
    },
    list,
    find: async (name) => (await list()).find((bot) => bot.name === name),
    onExit(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    logs: (name, { lines }) => logs.tail(name, lines),
    async [Symbol.asyncDispose]() {
      logs[Symbol.dispose]();
      await scratch[Symbol.asyncDispose]();
      listeners.clear();
    },
  };
}

async function started(child: ChildProcess, spec: BotSpec, onExit: (exit: BotExit) => void): Promise<RunningBot> {
  child.once('exit', (exitCode) => onExit({ name: spec.name, exitCode }));
  child.unref();
  if (child.pid === undefined) {
    const [error] = await once(child, 'error');
    throw error;
  }
  // Without a start time the process is over already, which its exit tells.
  return { id: `${child.pid}:${(await readProcess(child.pid))?.startedAt ?? 'ended'}`, name: spec.name };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // gone already
  }
}

async function within(ms: number, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() >= deadline) return false;
    await sleep(pollMs);
  }
  return true;
}
