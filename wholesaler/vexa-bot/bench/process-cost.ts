import { readFileSync } from 'node:fs';
import { descendantsOf } from '../test/support/process-tree.ts';

/** What Linux tells of CPU time is in hundredths of a second, whatever the kernel counts in (proc(5), `sysconf(_SC_CLK_TCK)`). */
const ticksPerSecond = 100;

/** Seconds of CPU time so far, of this process and of all below it. */
export function cpuSecondsOf(root: number): number {
  const ticks = familyOf(root).map((pid) => {
    const stat = read(`/proc/${pid}/stat`);
    // The name in parentheses may hold anything; after it come state, ppid, …, and as 12th and 13th utime and stime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return sum(ticks) / ticksPerSecond;
}

export interface Memory {
  /** MiB; what several processes share is divided among them (PSS). */
  totalMib: number;
  /** Of that, what is not read from a file: program code is shared by all bots of a machine, so one alone seems to cost more. */
  ownMib: number;
}

/** Memory of this process and of all below it. */
export function memoryOf(root: number): Memory {
  const rollups = familyOf(root).map((pid) => read(`/proc/${pid}/smaps_rollup`));
  const mib = (field: string) =>
    sum(rollups.map((rollup) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0))) / 1_024;
  return { totalMib: mib('Pss'), ownMib: mib('Pss_Anon') + mib('Pss_Shmem') };
}

const familyOf = (root: number): number[] => [root, ...descendantsOf(root).map(({ pid }) => pid)];

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}
