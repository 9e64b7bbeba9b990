import { machineToday } from '../machineToday.ts';
import type { GateCheck } from './gateCheck.ts';
import { REPEATS } from './judge.ts';
import { measureCheck, type Measured } from './measureCheck.ts';
import { writeReference } from './reference.ts';

/** Makes what is measured now the reference: of three repeats the one with the middle ratio. */
export async function acceptRatios(checks: readonly GateCheck[]): Promise<void> {
  const machine = machineToday();
  const accepted: Record<string, Measured> = {};
  for (const check of checks) {
    const measured: Measured[] = [];
    while (measured.length < REPEATS) measured.push(await measureCheck(check));
    const sorted = measured.toSorted((a, b) => a.ratio - b.ratio);
    console.log(`${check.id}: ${sorted.map(({ ratio }) => ratio.toFixed(2)).join(' – ')}`);
    const middle = sorted[Math.floor(REPEATS / 2)];
    if (middle !== undefined) accepted[check.id] = middle;
  }
  await writeReference({ ...machine, checks: accepted });
}
