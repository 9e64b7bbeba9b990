import { machineToday, processorModel } from '../machine.ts';
import { table } from '../report/format.ts';
import type { GateCheck, Micros } from './gateCheck.ts';
import { judge, measureCheck, type Measured, REPEATS, UNLIKE, type Verdict } from './measureCheck.ts';
import { readReferences, referenceOf, writeReference } from './reference.ts';

const HEAD = ['check', 'ours', 'baseline', 'ratio', 'reference', 'measured', 'verdict'];
const WORDS = { ok: 'ok', worse: 'SLOWER', unlike: 'not judged' } as const;
const NOT_JUDGED = `Not judged: a ratio is above its limit, but the baseline costs more than ${UNLIKE} times what it cost for the reference.`;

/** Holds every check against its reference and prints what came of it; whether none is worse. */
export async function runGate(checks: readonly GateCheck[]): Promise<boolean> {
  const references = await readReferences();
  const processor = processorModel();
  const rows: GateRow[] = [];
  for (const check of checks) {
    const reference = referenceOf(references, processor, check.id);
    rows.push({ check, reference, verdict: await judge(() => measureCheck(check), reference) });
  }
  console.log(table(HEAD, rows.map(cells)));
  const known = references.some((reference) => reference.processor === processor);
  console.log(`\nµs of processor time an operation, in the process + in its server; measured on ${processor}`);
  if (!known) console.log('No reference is from such a processor: the highest ratio of the others counts.');
  const counted = Object.groupBy(rows, ({ verdict }) => verdict.outcome);
  if (counted.unlike !== undefined) console.log(NOT_JUDGED);
  const failed = counted.worse?.length ?? 0;
  console.log(`${counted.ok?.length ?? 0} passed, ${failed} failed`);
  return failed === 0;
}

interface GateRow {
  readonly check: GateCheck;
  readonly reference: Measured | undefined;
  readonly verdict: Verdict;
}

function cells({ check, reference, verdict: { best, repeats, outcome } }: GateRow): string[] {
  const ratios = [best.ratio.toFixed(2), reference?.ratio.toFixed(2) ?? 'none'];
  const times = repeats === 1 ? 'once' : `${repeats} times`;
  return [check.title, micros(best.ours), micros(best.baseline), ...ratios, times, WORDS[outcome]];
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
