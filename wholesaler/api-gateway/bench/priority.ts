import { getPriority, setPriority } from 'node:os';

/**
 * Lets this process, and those it starts, run before whatever else the machine does, so that a wait is the measured
 * program's own. Gives the niceness reached: 0 where the system does not allow it.
 */
export function goFirst(): number {
  try {
    setPriority(-15);
  } catch {
    console.log('Without the right to a higher priority: on a busy machine the times include those of other programs.');
  }
  return getPriority();
}
