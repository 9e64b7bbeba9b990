import { cancelRebuild, dropPrevious } from '@jobstream/readmodel';
import { describeDifference } from '../tasks/describeDifference.ts';
import { rebuildTables } from './rebuildTables.ts';
import type { RebuildOutcome } from './rebuildTables.ts';
import type { ExitCode, TaskContext } from '../tasks/runTask.ts';
import { parseArgs } from 'node:util';

const SHOWN = 20;
const NUMBERS = new Intl.NumberFormat('en');

/** Does what `npm run rebuild` was asked for and says what came of it. */
export async function runRebuild({ action, ...options }: RebuildArguments, parts: TaskContext): Promise<ExitCode> {
  if (action === 'cancel') return cancel(parts);
  if (action === 'drop-old') return drop(parts);
  const outcome = await parts.withLog((eventLog) => rebuildTables({ ...parts, ...options, eventLog, kind: action }));
  sayDifferences(outcome, parts);
  parts.print(outcome.swapped ? doneSentence(action, outcome) : keptSentence(outcome));
  return outcome.swapped ? 0 : 1;
}

async function cancel({ databaseUrl, print }: TaskContext): Promise<ExitCode> {
  const ended = await cancelRebuild(databaseUrl);
  print(
    ended === undefined ? 'Nothing is under way.' : `The ${ended} is cancelled; the tables in use are as they were.`,
  );
  return 0;
}

async function drop({ databaseUrl, print }: TaskContext): Promise<ExitCode> {
  print((await dropPrevious(databaseUrl)) ? 'The earlier tables are dropped.' : 'There are no earlier tables.');
  return 0;
}

function sayDifferences({ differences }: RebuildOutcome, { print }: TaskContext): void {
  for (const difference of differences.slice(0, SHOWN)) print(describeDifference(difference));
  if (differences.length > SHOWN) print(`and at least ${differences.length - SHOWN} differences more`);
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

type RebuildAction = 'rebuild' | 'rollback' | 'cancel' | 'drop-old';

interface RebuildArguments {
  readonly action: RebuildAction;
  readonly force: boolean;
  readonly except: readonly string[];
}

/** What was typed makes no sense; the message says what would. */
export class UsageError extends Error {
  readonly code = 'USAGE';

  constructor(detail: string) {
    super(`${detail}; usage: npm run rebuild -- [--force] [--except column,…] | --rollback | --cancel | --drop-old`);
    this.name = 'UsageError';
  }
}

/** Reads the arguments of `npm run rebuild`: UsageError. */
export function rebuildArguments(args: readonly string[]): RebuildArguments {
  const { force, except, ...actions } = parsed(args);
  const asked = (['rollback', 'cancel', 'drop-old'] as const).filter((name) => actions[name] === true);
  const [action = 'rebuild', another] = asked;
  if (another !== undefined) throw new UsageError(`--${action} and --${another} exclude each other`);
  if (action !== 'rebuild' && (force === true || except !== undefined)) {
    throw new UsageError(`--force and --except do not go with --${action}`);
  }
  return { action, force: force === true, except: except?.split(',').filter(Boolean) ?? [] };
}

function parsed(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  const options = { rollback: flag, cancel: flag, 'drop-old': flag, force: flag, except: { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.replace(/\.? ?To specify.*$/s, '') : String(error));
  }
}
