import type { Difference } from '@jobstream/readmodel';
import { describeDifference } from '../tasks/describeDifference.ts';
import type { ExitCode, TaskContext } from '../tasks/runTask.ts';
import { verifyTables } from './verifyTables.ts';
import type { Verification } from './verifyTables.ts';

const USAGE = 'usage: npm run verify -- [--repair]';
const NUMBERS = new Intl.NumberFormat('en');

/** Does what `npm run verify` was asked for and says what came of it. After a repair nothing differs any more. */
export async function runVerify(args: readonly string[], parts: TaskContext): Promise<ExitCode> {
  const strange = args.find((arg) => arg !== '--repair');
  if (strange !== undefined) throw new Error(`unknown argument ${strange}; ${USAGE}`);
  const repair = args.length > 0;
  const onDifference = (one: Difference) => parts.print(describeDifference(one));
  const found = await parts.withLog((eventLog) => verifyTables({ ...parts, eventLog, repair, onDifference }));
  parts.print(sentenceOf(found, repair));
  return found.differences === 0 || repair ? 0 : 1;
}

function sentenceOf({ position, jobs, differences, repairedJobs }: Verification, repair: boolean): string {
  const at = `at sequence ${NUMBERS.format(position)}`;
  if (differences === 0) return `The table is what the log says ${at}: ${NUMBERS.format(jobs)} jobs.`;
  const found = `${NUMBERS.format(differences)} differences ${at}`;
  if (!repair) return `${found}. To write those jobs as the log says: npm run verify -- --repair.`;
  return `${found}; repaired: ${NUMBERS.format(repairedJobs)} jobs, and all counts and messages in quarantine.`;
}
