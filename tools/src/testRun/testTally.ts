import { stripVTControlCharacters } from 'node:util';
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

const SHOWN_CHARACTERS = 200;

/** Returns each test that failed, as `<file> > <its name>: <why>`, and each file that could not be loaded. */
export function failedTests(modules: readonly TestModule[]): readonly string[] {
  return modules.flatMap((module) => {
    const tests = [...module.children.allTests('failed')].map(
      (test) => `${module.relativeModuleId} > ${test.fullName}${reasonOf(test.result().errors)}`,
    );
    return tests.length === 0 && !module.ok() ? [module.relativeModuleId + reasonOf(module.errors())] : tests;
  });
}

/** Returns `: ` and the first line of the first error, so that the last lines of a long output say what went wrong. */
export function reasonOf(errors: readonly { readonly message: string }[] = []): string {
  const [line = ''] = stripVTControlCharacters(errors[0]?.message ?? '')
    .trim()
    .split('\n');
  return line === '' ? '' : `: ${line.slice(0, SHOWN_CHARACTERS)}`;
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
