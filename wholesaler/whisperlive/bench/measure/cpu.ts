import { readFileSync } from 'node:fs';

/** User and system seconds of this process so far, its worker threads included. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export interface Cost {
  cpu: number;
  wall: number;
}

export async function costOf<T>(work: () => Promise<T>): Promise<{ result: T; cost: Cost }> {
  const [cpu, wall] = [cpuSeconds(), performance.now()];
  const result = await work();
  return { result, cost: { cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 } };
}

const ticksPerSecond = 100;

/** Busy seconds of all cores since the machine started, on Linux; undefined elsewhere. */
export function machineBusySeconds(): number | undefined {
  try {
    const [, user, nice, system, , , irq, softIrq, steal] = (
      readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
    ).split(/\s+/);
    const ticks = [user, nice, system, irq, softIrq, steal].map(Number);
    return ticks.reduce((total, value) => total + value, 0) / ticksPerSecond;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined; // no Linux
    throw error;
  }
}

/** How many cores others used while the clock ran; `stop` is told what the measured processes used themselves. */
export function watchOthers(): (ownCpuSeconds: number) => number | undefined {
  const [busy, since] = [machineBusySeconds(), performance.now()];
  return (own) => {
    const now = machineBusySeconds();
    if (busy === undefined || now === undefined) return undefined;
    return Math.max(0, (now - busy - own) / ((performance.now() - since) / 1000));
  };
}
