import { processorModel } from '../processorModel.ts';
import type { GateCheck } from './gateCheck.ts';
import { gateTable } from './gateTable.ts';
import { judge, type Verdict } from './judge.ts';
import { measureCheck } from './measureCheck.ts';
import { readReferences } from './reference.ts';
import { referenceRatio } from './referenceRatio.ts';

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
