import type { BulkChange, BulkOptions, BulkProgress, ChangeOptions, Job, Jobs, JobSelection } from '@jobstream/client';
import type { Api } from '../../command/apiCommand.ts';
import { definedIn } from '../../command/definedIn.ts';
import { ExitCode } from '../../command/exitCode.ts';
import { UsageError } from '../../command/failure.ts';
import { openQuestions } from '../../command/questions.ts';
import { clearLine } from '../../operations/followOperation.ts';
import { countOf } from '../../output/countOf.ts';

/** What is done to jobs, one by one or to those of a selection. */
export interface JobDeed {
  /** As it stands before the jobs in a question: `cancel`. */
  readonly verb: string;
  /** As it stands behind them: `cancelled`. */
  readonly done: string;
  /** What a job had that was skipped. */
  readonly skipped?: string;
  readonly one: (jobs: Jobs, id: string, options: ChangeOptions) => Promise<Job>;
  readonly many: (jobs: Jobs, selection: JobSelection, options: BulkOptions) => Promise<BulkChange>;
}

export interface BulkWork {
  readonly selection: JobSelection;
  readonly reason?: string;
  readonly dryRun: boolean;
  /** Whether the user is not asked. */
  readonly isConfirmed: boolean;
}

/** The most jobs that one request changes, and that a dry run counts. */
const MOST_JOBS = 100_000;

/**
 * Changes the jobs of a selection with one request. Says before how many they are and asks, and shows how far it is on a
 * terminal.
 *
 * @throws UsageError when nobody can be asked and the change is not confirmed.
 */
export async function changeMatching(deed: JobDeed, work: BulkWork, api: Api): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const { selection, reason, dryRun, isConfirmed } = work;
  const { matched } = await deed.many(client.jobs, selection, { dryRun: true, signal });
  if (dryRun) {
    printer.document({ dryRun, matched }, () => `${jobsOf(matched)} would be ${deed.done}`);
    return ExitCode.ok;
  }
  if (matched > 0 && !isConfirmed && !(await agrees(deed.verb, matched, api))) {
    printer.note('Nothing is changed.');
    return ExitCode.failed;
  }
  const options = { limit: MOST_JOBS, signal, onProgress: showProgress(api), ...definedIn({ reason }) };
  const outcome = await deed.many(client.jobs, selection, options).finally(() => clearLine(api));
  printer.document(outcome, () => describe(deed, outcome));
  return conclude(outcome, api);
}

/** Asks before many jobs are changed. @throws UsageError when standard input is no terminal. */
export async function agrees(verb: string, matched: number, api: Api): Promise<boolean> {
  const what = `${verb} ${jobsOf(matched)}`;
  assertCanAsk(what, api);
  using questions = openQuestions(api);
  return await questions.agrees(`${what[0]?.toUpperCase()}${what.slice(1)}?`);
}

/** @throws UsageError when standard input is no terminal. */
export function assertCanAsk(what: string, { stdin }: Api): void {
  if (stdin.isTTY !== true) throw new UsageError(`this would ${what}: confirm it with --yes`);
}

function showProgress({ stderr }: Api): (progress: BulkProgress) => void {
  return ({ matched, total }) => {
    if (stderr.isTTY) stderr.write(`\r\u001B[K${matched} of ${jobsOf(total)}`);
  };
}

function describe(
  { done, skipped: had = 'had moved on' }: JobDeed,
  { matched, changed, skipped, failed }: BulkChange,
): string {
  if (matched === 0) return 'There are no such jobs.';
  const rest = [skipped > 0 ? `${skipped} ${had}` : '', failed > 0 ? `${failed} could not be changed` : ''];
  return [`${jobsOf(changed)} ${done}`, ...rest.filter(Boolean)].join(', ');
}

function conclude({ matched, failed, stopped }: BulkChange, { printer }: Api): ExitCode {
  if (stopped !== undefined) printer.note(`jobstream: it ended early (${stopped}): run it again for the rest`);
  else if (matched === MOST_JOBS) printer.note('There may be more such jobs: run it again for the rest.');
  return failed === 0 && stopped === undefined ? ExitCode.ok : ExitCode.failed;
}

/** A number of jobs in words. */
export function jobsOf(count: number): string {
  if (count >= MOST_JOBS) return `${MOST_JOBS} jobs or more`;
  return countOf(count, 'job');
}
