import type { Reporter, TestCase } from 'vitest/node';

/** Names every test that passed only when it was run again, so that an unsteady test is seen though the run is green. */
export class SecondTryReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    if (!test.diagnostic()?.flaky) return;
    const reason = test.result().errors?.[0]?.message.split('\n')[0] ?? 'no reason given';
    console.warn(`passed only at the second try: ${test.module.relativeModuleId} > ${test.fullName} (${reason})`);
  }
}
