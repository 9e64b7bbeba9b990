import { afterEach, beforeEach } from 'vitest';

const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
/** The client of a test may wait for an API that the test has stopped; tests of the client look for it themselves. */
const RETRY_WARNING = /^console\.warn: jobstream: .+ Trying again for \d+ s\.$/;
let lines: string[] = [];

// A test that expects output replaces the method with its own spy, which receives the output instead.
beforeEach(() => {
  lines = [];
  for (const method of methods) {
    // oxlint-disable-next-line no-console -- this file checks the console
    console[method] = (...values: unknown[]) => void lines.push(`console.${method}: ${values.map(String).join(' ')}`);
  }
});

afterEach(() => {
  const unexpected = lines.filter((line) => !RETRY_WARNING.test(line));
  if (unexpected.length > 0) throw new Error(`unexpected console output: ${unexpected.join(' | ')}`);
});
