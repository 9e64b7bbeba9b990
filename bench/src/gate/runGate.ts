import { machineToday, processorModel } from '../machine.ts';
import { table } from '../report/format.ts';
import type { GateCheck, Micros } from './gateCheck.ts';
import { judge, measureCheck, type Measured, REPEATS, type Verdict } from './measureCheck.ts';
import { readReferences, referenceRatio, writeReference } from './reference.ts';

const HEAD = ['check', 'ours', 'baseline', 'ratio', 'reference', 'measured', 'verdict'];

/** Holds every check against its reference and prints what came of it; whether all have passed. */
export async function runGate(checks: readonly GateCheck[]): Promise<boolean> {
  const references = await readReferences();
  const processor = processorModel();
  const ratioOf = ({ id }: GateCheck) => referenceRatio(references, processor, id);
  const verdicts: Verdict[] = [];
  for (const check of checks) verdicts.push(await judge(() => measureCheck(check), ratioOf(check)));
  console.log(
    gateTable(checks.map((check, index) => ({ check, reference: ratioOf(check), verdict: verdicts[index] }))),
  );
  const known = references.some((reference) => reference.processor === processor);
  console.log(`\nµs of processor time an operation, in the process + in its server; measured on ${processor}`);
  if (!known) console.log('No reference is from such a processor: the highest ratio of the others counts.');
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  console.log(`${passed} passed, ${verdicts.length - passed} failed`);
  return passed === verdicts.length;
}

interface GateRow {
  readonly check: GateCheck;
  readonly reference: number;
  readonly verdict: Verdict | undefined;
}

function gateTable(rows: readonly GateRow[]): string {
  return table(HEAD, rows.map(cells));
}

function cells({ check, reference, verdict }: GateRow): string[] {
  if (verdict === undefined) return [check.title];
  const { best, repeats, passed } = verdict;
  const ratios = [best.ratio, reference].map((ratio) => ratio.toFixed(2));
  const times = repeats === 1 ? 'once' : `${repeats} times`;
  return [check.title, micros(best.ours), micros(best.baseline), ...ratios, times, passed ? 'ok' : 'SLOWER'];
}

function micros({ process, server }: Micros): string {
  return server === 0 ? process.toFixed(1) : `${process.toFixed(1)} + ${server.toFixed(1)}`;
}

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
