import { defineConfig } from 'vitest/config';
import { SecondTryReporter } from './shared/src/testing/second-try-reporter.ts';

export default defineConfig({
  test: {
    // Longer than any single wait, so that a test ends with what it waited for.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    passWithNoTests: false,
    // Real browsers and real time on a busy machine: in CI a test may be run once more, and is named when it was.
    retry: process.env.CI ? 1 : 0,
    reporters: ['default', new SecondTryReporter()],
    projects: [
      { extends: true, test: { name: 'with servers', include: ['test/**/*.test.ts'] } },
      // Rules without servers leave nothing behind, and take less time than the start of a process for each file.
      { extends: true, test: { name: 'rules', include: ['src/**/*.test.ts'], isolate: false } },
    ],
  },
});
