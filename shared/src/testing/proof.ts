import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** A promise of a benchmark, with the figure that keeps or breaks it. */
export interface Judged {
  promise: string;
  measured: string | number;
  kept: boolean;
}

const folder = new URL('../../../proof/', import.meta.url);

/** Prints the promises, writes `proof/<name>.json` with machine and commit, and makes the process fail if one is broken. */
export function writeProof(name: string, figures: Record<string, unknown>, promises: Judged[]): void {
  console.table(promises);
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0], node: process.version, commit };
  if ((machine.load ?? 0) > machine.cores) {
    console.log(`The machine was busy with other things (load ${machine.load}): times waited are theirs too.`);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify({ machine, ...figures, promises }, null, 2)}\n`);
  if (promises.some(({ kept }) => !kept)) process.exitCode = 1;
}
