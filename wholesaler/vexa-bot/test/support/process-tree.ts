import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessInfo {
  pid: number;
  args: string;
}

/** Everything that this process started, directly or not, and that still runs. */
export function descendantsOf(root: number): ProcessInfo[] {
  const rows = readdirSync('/proc').flatMap(readRow);
  const family = new Set([root]);
  for (let grown = 0; grown !== family.size; ) {
    grown = family.size;
    for (const { pid, parent } of rows) if (family.has(parent)) family.add(pid);
  }
  return rows.filter(({ pid }) => family.has(pid) && pid !== root);
}

/** Kills what draws the pages of the browsers that this process started. */
export function killRenderers(root: number): number {
  const renderers = descendantsOf(root).filter(({ args }) => args.includes('--type=renderer'));
  for (const { pid } of renderers) process.kill(pid, 'SIGKILL');
  return renderers.length;
}

function readRow(name: string): (ProcessInfo & { parent: number })[] {
  try {
    const [, state, parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
    if (!parent || state === 'Z') return [];
    return [{ pid: Number(name), parent: Number(parent), args: readFileSync(`/proc/${name}/cmdline`, 'utf8') }];
  } catch {
    return []; // not a process, or gone meanwhile
  }
}
