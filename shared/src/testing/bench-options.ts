import { parseArgs } from 'node:util';

/**
 * What a benchmark was asked: `--quick` or `VEXA_BENCH_QUICK` for a short run. `--help` prints what it measures and ends the
 * process, anything else that is asked ends it with 2.
 */
export function benchOptions(about: string): { quick: boolean } {
  const usage = `${about}\n\n  --quick  a short run (VEXA_BENCH_QUICK)\n  --help   this text`;
  const byDefault = Boolean(process.env.VEXA_BENCH_QUICK);
  const options = {
    quick: { type: 'boolean', default: byDefault },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    const { quick, help } = parseArgs({ options }).values;
    if (!help) return { quick };
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}
