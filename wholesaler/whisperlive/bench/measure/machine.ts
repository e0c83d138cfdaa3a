import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus, loadavg, totalmem } from 'node:os';

/** What figures mean nothing without. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  /** Processes that wanted a core in the minute before, by the system's own count. */
  load: number;
  platform: string;
  node: string;
  onnxruntime: string;
  commit: string;
  changed: boolean;
  at: string;
}

export function describeMachine(): Machine {
  const [first] = cpus();
  const onnxruntime = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    cpu: first?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    onnxruntime: onnxruntime.version,
    commit: git('rev-parse', '--short', 'HEAD') || 'unknown',
    changed: git('status', '--porcelain', '--untracked-files=no') !== '',
    at: new Date().toISOString(),
  };
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return ''; // an unpacked archive has no history, and figures are of use all the same
  }
}
