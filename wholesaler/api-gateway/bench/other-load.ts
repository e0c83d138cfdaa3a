import { cpus } from 'node:os';

/** Cores that were busy with something else since the last call, given the CPU seconds that the measured programs used meanwhile. */
export function watchOtherLoad(): (ownCpuSeconds: number) => number {
  let before = { busy: busySeconds(), at: performance.now() };
  return (ownCpuSeconds) => {
    const now = { busy: busySeconds(), at: performance.now() };
    const cores = (now.busy - before.busy - ownCpuSeconds) / ((now.at - before.at) / 1_000);
    before = now;
    return Math.max(0, cores);
  };
}

const busySeconds = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1_000;
