import { Verifications } from '@jobstream/readmodel';
import type { Difference } from '@jobstream/readmodel';
import { countOf, typedCommand } from '@jobstream/runtime';
import { describeDifference, describeUnreadable } from '../tasks/describeDifference.ts';
import { parseTaskArguments } from '../tasks/parseTaskArguments.ts';
import type { ExitCode, TaskContext } from '../tasks/runTask.ts';
import type { IgnoredFound } from './ignoredMessages.ts';
import { verifyTables } from './verifyTables.ts';
import type { Verification } from './verifyTables.ts';
import { DIFFERENCES_KEPT, endOf, type VerificationEnding } from './verificationEnding.ts';

const NUMBERS = new Intl.NumberFormat('en');

/** Runs `npm run verify` and prints the result; after a repair nothing differs any more. */
export async function runVerify(args: readonly string[], context: TaskContext): Promise<ExitCode> {
  const options = { repair: { type: 'boolean' }, json: { type: 'boolean' } } as const;
  const { repair = false, json = false } = parseTaskArguments(args, options, typedCommand('verify', '[--repair]'));
  const first: Difference[] = [];
  const onDifference = (one: Difference) => {
    if (first.length < DIFFERENCES_KEPT) first.push(one);
    if (!json) context.print(describeDifference(one));
  };
  const startedAt = new Date();
  const found = await context.withLog((eventLog) => verifyTables({ ...context, eventLog, repair, onDifference }));
  const ending = endOf(found, first);
  const lines = json ? [JSON.stringify({ status: ending.status, ...ending.result })] : sentencesOf(found, repair);
  for (const line of lines) context.print(line);
  await record(context.databaseUrl, ending, startedAt);
  return !found.lags && (found.differences === 0 || repair) ? 0 : 1;
}

/** So that the API can tell of it. */
async function record(databaseUrl: string, { status, result }: VerificationEnding, startedAt: Date): Promise<void> {
  const verifications = new Verifications({ databaseUrl, name: 'verify', maxConnections: 1 });
  await verifications.record(status, result, startedAt);
  await verifications.stop();
}

/** A line for each of the first messages that change nothing, and one about all of them. */
export function describeIgnored({ total, first }: IgnoredFound): readonly string[] {
  if (total === 0) return [];
  const lines = first.map(({ sequence, subject, reason }) => `message ${sequence} on ${subject} is ignored: ${reason}`);
  const named = total > first.length ? `, of which the first ${first.length} are named` : '';
  return [
    ...lines,
    `${countOf(total, 'message')} on subjects of jobs ${total === 1 ? 'is' : 'are'} ignored by every fold${named}.`,
  ];
}

function sentencesOf(found: Verification, repair: boolean): readonly string[] {
  const rest = [pastSentence(found, repair), found.lags ? lagSentence(found) : undefined];
  return [
    ...describeUnreadable(found.unreadable),
    ...describeIgnored(found.ignored),
    sentenceOf(found, repair),
    ...rest.filter((line) => line !== undefined),
  ];
}

function sentenceOf({ position, end, jobs, repairedJobs, ...found }: Verification, repair: boolean): string {
  const at = `at sequence ${NUMBERS.format(position)} of ${NUMBERS.format(end)}`;
  const differences = found.differences - (typeof found.past === 'number' ? found.past : 0);
  if (differences === 0) return `The table matches the log ${at}: ${countOf(jobs, 'job')}.`;
  const counted = `${countOf(differences, 'difference')} ${at}`;
  if (!repair) return `${counted}. To make the table match the log: ${typedCommand('verify', '--repair')}.`;
  return `${counted}; repaired: ${countOf(repairedJobs, 'job')}, and all counts and messages in quarantine.`;
}

function pastSentence({ past }: Verification, repair: boolean): string | undefined {
  if (past === 'not kept') return undefined;
  if (past === 'incomplete log')
    return 'The tables of past moments cannot be compared: the log and its archive lack events that they were made from.';
  if (past === 0) return 'The tables of past moments match it as well.';
  return repair
    ? 'The tables of past moments were emptied; a projector builds them anew.'
    : `The tables of past moments differ. To have them built anew: ${typedCommand('rebuild', '--past')}.`;
}

function lagSentence({ position, end }: Verification): string {
  if (position === 0) {
    return 'The table is empty, and the log is not: the database is new or not the one of this log, or no projector runs.';
  }
  return `The table lags behind the log by ${countOf(end - position, 'event')}: no projector runs, or it cannot go on. Its own log says why.`;
}
