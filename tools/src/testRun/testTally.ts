import type { TestModule } from 'vitest/node';

export interface TestTally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts the tests of a run. A file that cannot even be loaded counts as one failed test. */
export function testTally(modules: readonly TestModule[], otherErrors: number): TestTally {
  const tally = { passed: 0, failed: otherErrors, skipped: 0 };
  for (const module of modules) {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    const failed = states.filter((state) => state === 'failed').length;
    tally.passed += states.filter((state) => state === 'passed').length;
    tally.failed += failed === 0 && !module.ok() ? 1 : failed;
    tally.skipped += states.filter((state) => state === 'skipped').length;
  }
  return tally;
}

/** Returns the reasons for skipped tests, each once. */
export function skipReasons(modules: readonly TestModule[]): readonly string[] {
  const results = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result()));
  return [...new Set(results.flatMap((result) => (result.state === 'skipped' ? (result.note ?? []) : [])))];
}

/** The line with which a test run ends, for people and for scripts. */
export function closingLine({ passed, failed, skipped }: TestTally): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
