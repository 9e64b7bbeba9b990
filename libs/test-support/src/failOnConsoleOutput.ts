import { afterEach, beforeEach } from 'vitest';

const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
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
  if (lines.length > 0) throw new Error(`unexpected console output: ${lines.join(' | ')}`);
});
