import { cancelRebuild, dropPrevious } from '@jobstream/readmodel';
import { describeDifference } from './describeDifference.ts';
import { rebuildTables } from './rebuildTables.ts';
import type { RebuildOutcome } from './rebuildTables.ts';
import type { RebuildArguments } from './rebuildArguments.ts';
import type { ExitCode, TaskParts } from './runTask.ts';

const SHOWN = 20;
const NUMBERS = new Intl.NumberFormat('en');

/** Does what `npm run rebuild` was asked for and says what came of it. */
export async function runRebuild({ action, ...options }: RebuildArguments, parts: TaskParts): Promise<ExitCode> {
  if (action === 'cancel') return cancel(parts);
  if (action === 'drop-old') return drop(parts);
  const outcome = await parts.withLog((eventLog) => rebuildTables({ ...parts, ...options, eventLog, kind: action }));
  sayDifferences(outcome, parts);
  parts.say(outcome.swapped ? doneSentence(action, outcome) : keptSentence(outcome));
  return outcome.swapped ? 0 : 1;
}

async function cancel({ databaseUrl, say }: TaskParts): Promise<ExitCode> {
  const ended = await cancelRebuild(databaseUrl);
  say(ended === undefined ? 'Nothing is under way.' : `The ${ended} is cancelled; the tables in use are as they were.`);
  return 0;
}

async function drop({ databaseUrl, say }: TaskParts): Promise<ExitCode> {
  say((await dropPrevious(databaseUrl)) ? 'The earlier tables are dropped.' : 'There are no earlier tables.');
  return 0;
}

function sayDifferences({ differences }: RebuildOutcome, { say }: TaskParts): void {
  for (const difference of differences.slice(0, SHOWN)) say(describeDifference(difference));
  if (differences.length > SHOWN) say(`and at least ${differences.length - SHOWN} differences more`);
}

function doneSentence(action: 'rebuild' | 'rollback', { position, jobs, differences }: RebuildOutcome): string {
  const at = `at sequence ${NUMBERS.format(position)}`;
  if (action === 'rollback') return `The earlier tables are in use again, ${at}.`;
  const compared = differences.length > 0 ? 'by force' : `equal in ${NUMBERS.format(jobs)} jobs`;
  return `The tables are rebuilt and in use ${at}, ${compared}. To undo it: --rollback; to let the old ones go: --drop-old.`;
}

function keptSentence({ position }: RebuildOutcome): string {
  return (
    `The rebuilt tables differ from those in use at sequence ${NUMBERS.format(position)}, which stay. Where the new ones ` +
    'are right (npm run verify compares), use them by --force; let them go by --cancel.'
  );
}
