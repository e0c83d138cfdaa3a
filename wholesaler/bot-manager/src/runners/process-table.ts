import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { promisify } from 'node:util';
import { codeOf } from '@vexa/shared/files/error-code';

const run = promisify(execFile);

export interface ProcessRow {
  pid: number;
  parent: number;
  /** Tells a process from a later one with the same pid; only ever compared. */
  startedAt: string;
  args: string[];
}

/** Every process that is not a zombie. */
export async function readProcesses(): Promise<ProcessRow[]> {
  if (platform() !== 'linux') return readPs(['-ax']);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(pids.map((pid) => readProc(Number(pid))));
  return rows.filter((row) => row !== undefined);
}

/** One process; undefined when it is gone, or a zombie whose parent has not noticed. */
export async function readProcess(pid: number): Promise<ProcessRow | undefined> {
  if (platform() === 'linux') return readProc(pid);
  return (await readPs(['-p', String(pid)]))[0];
}

/** `pid` and every process below it. */
export function withDescendants(rows: readonly ProcessRow[], pid: number): ProcessRow[] {
  const found = rows.filter((row) => row.pid === pid);
  for (const { pid: parent } of found) found.push(...rows.filter((row) => row.parent === parent));
  return found;
}

async function readProc(pid: number): Promise<ProcessRow | undefined> {
  try {
    const [stat, cmdline] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    // proc(5): the name in parentheses may hold anything, so fields are counted from its end: state, ppid, …, starttime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { pid, parent: Number(fields[1]), startedAt: fields[19] ?? '', args: cmdline.split('\0') };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function readPs(selection: string[]): Promise<ProcessRow[]> {
  try {
    const { stdout } = await run('ps', [...selection, '-ww', '-o', 'pid=,ppid=,state=,lstart=,command=']);
    return stdout.split('\n').flatMap((line) => parsePsLine(line) ?? []);
  } catch (error) {
    // ps exits 1 when nothing was selected.
    if (codeOf(error) === 1) return [];
    throw error;
  }
}

/** `123 1 S Mon Aug  3 10:00:00 2026 node main.ts`; undefined for zombies and empty lines. */
export function parsePsLine(line: string): ProcessRow | undefined {
  const [pid, parent, state, ...rest] = line.trim().split(/\s+/);
  if (!pid || !state || state.startsWith('Z')) return undefined;
  return { pid: Number(pid), parent: Number(parent), startedAt: rest.slice(0, 5).join('-'), args: rest.slice(5) };
}

const isGone = (error: unknown): boolean => ['ENOENT', 'ESRCH'].includes(String(codeOf(error)));
