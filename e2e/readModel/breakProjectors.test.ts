import { expect, test } from 'vitest';
import { breakProjectors } from './breakProjectors.ts';

test('two projectors that are killed and frozen at random lose nothing, and the checkpoint never decreases', async () => {
  const report = await breakProjectors({ seed: 'short', durationMs: 15_000, calmMs: 2_000 });
  expect(report.faults).toEqual([]);
  expect(report.kills).toBeGreaterThan(0);
  expect(report.freezes).toBeGreaterThan(0);
  expect(report.verified).toMatch(/^The table matches the log/);
});
