import { cancelRebuild, clearPast, dropPrevious } from '@jobstream/readmodel';
import { countOf, typedCommand } from '@jobstream/runtime';
import { describeDifference, describeUnreadable } from '../tasks/describeDifference.ts';
import { parseTaskArguments, UsageError } from '../tasks/parseTaskArguments.ts';
import type { ExitCode, TaskContext } from '../tasks/runTask.ts';
import { rebuildTables } from './rebuildTables.ts';
import type { RebuildOutcome } from './rebuildTables.ts';

interface RebuildArguments {
  readonly action: 'rebuild' | 'rollback' | 'cancel' | 'drop-old' | 'past';
  readonly force: boolean;
  readonly except: readonly string[];
}

const ARGUMENTS = '[--force] [--except column,…] | --rollback | --cancel | --drop-old | --past';
const flag = { type: 'boolean' } as const;
const ACTIONS = { rollback: flag, cancel: flag, 'drop-old': flag, past: flag } as const;
const OPTIONS = { ...ACTIONS, force: flag, except: { type: 'string' } } as const;

/** Parses the arguments of `npm run rebuild`. @throws UsageError */
export function rebuildArguments(args: readonly string[]): RebuildArguments {
  const usage = typedCommand('rebuild', ARGUMENTS);
  const { force = false, except, ...actions } = parseTaskArguments(args, OPTIONS, usage);
  const asked = (['rollback', 'cancel', 'drop-old', 'past'] as const).filter((name) => actions[name] === true);
  const [action = 'rebuild', another] = asked;
  if (another !== undefined) throw new UsageError(`--${action} and --${another} exclude each other`, usage);
  if (action !== 'rebuild' && (force || except !== undefined)) {
    throw new UsageError(`--force and --except cannot be combined with --${action}`, usage);
  }
  return { action, force, except: except?.split(',').filter(Boolean) ?? [] };
}

const SHOWN = 20;
const NUMBERS = new Intl.NumberFormat('en');

/** Runs `npm run rebuild` and prints the result. */
export async function runRebuild({ action, ...options }: RebuildArguments, context: TaskContext): Promise<ExitCode> {
  if (action === 'cancel') return cancel(context);
  if (action === 'drop-old') return drop(context);
  if (action === 'past') return rebuildPast(context);
  const outcome = await context.withLog((eventLog) =>
    rebuildTables({ ...context, ...options, eventLog, kind: action }),
  );
  printDifferences(outcome, context);
  for (const line of describeUnreadable(outcome.unreadable)) context.print(line);
  context.print(outcome.swapped ? swappedSentence(action, outcome) : keptSentence(outcome));
  return outcome.swapped ? 0 : 1;
}

async function cancel({ databaseUrl, print }: TaskContext): Promise<ExitCode> {
  const ended = await cancelRebuild(databaseUrl);
  print(
    ended === undefined
      ? 'No rebuild or rollback is in progress.'
      : `The ${ended} is cancelled; the live tables are unchanged.`,
  );
  return 0;
}

async function drop({ databaseUrl, print }: TaskContext): Promise<ExitCode> {
  print((await dropPrevious(databaseUrl)) ? 'The earlier tables are dropped.' : 'There are no earlier tables.');
  return 0;
}

async function rebuildPast({ databaseUrl, print }: TaskContext): Promise<ExitCode> {
  await clearPast(databaseUrl);
  print(
    'The tables of past moments are empty. A projector with AS_OF_REACH builds them anew from the log, from now on.',
  );
  return 0;
}

function printDifferences({ differences }: RebuildOutcome, { print }: TaskContext): void {
  for (const difference of differences.slice(0, SHOWN)) print(describeDifference(difference));
  if (differences.length > SHOWN) print(`and at least ${differences.length - SHOWN} more differences`);
}

function swappedSentence(action: 'rebuild' | 'rollback', { position, jobs, differences }: RebuildOutcome): string {
  const at = `at sequence ${NUMBERS.format(position)}`;
  if (action === 'rollback') return `The earlier tables are live again, ${at}.`;
  const compared = differences.length > 0 ? 'by force' : `equal in ${countOf(jobs, 'job')}`;
  return `The rebuilt tables are live ${at}, ${compared}. To undo it: --rollback; to drop the old ones: --drop-old.`;
}

function keptSentence({ position }: RebuildOutcome): string {
  return (
    `The rebuilt tables differ from the live ones at sequence ${NUMBERS.format(position)}, which stay live. If the new ones ` +
    `are right (${typedCommand('verify')} compares), swap them with --force; discard them with --cancel.`
  );
}
