import { appendNewJobs } from '@jobstream/creation';
import { encodeJobEvent, type Job, type JobEvent } from '@jobstream/domain';
import type { OperationJob, ProcessedJob } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import type { OpenedOperation } from './operationContents.ts';
import { repetition } from './replayJob.ts';

/** One append to the log; what is larger goes job by job. */
const MAX_BYTES = 1_048_576;

interface Repetition {
  readonly position: number;
  readonly event: JobEvent;
}

/**
 * Replays those jobs of a batch of which the table has all that is needed: with one query and one append, all of them or none.
 *
 * It only saves requests. What is left out, or all of it after any failure, is for `replayJob`, which finds out what was stored.
 *
 * @returns what became of jobs, by their position.
 */
export async function replayTogether(
  jobs: readonly OperationJob[],
  operation: OpenedOperation,
  deps: ApiDeps,
): Promise<ReadonlyMap<number, ProcessedJob>> {
  try {
    const repetitions = fitting(await repetitionsOf(jobs, operation, deps));
    const events = repetitions.map(({ event }) => event);
    const creations = events.length === 0 ? undefined : await appendNewJobs(events, deps);
    if (creations?.kind !== 'created') return new Map();
    const done = repetitions.filter(({ event }) => !creations.held.has(event.jobId));
    return new Map(done.map(({ position, event }) => [position, doneAs(position, event)]));
  } catch (error) {
    deps.logger.debug({ err: error, operation: operation.id }, 'jobs are replayed one by one');
    return new Map();
  }
}

async function repetitionsOf(
  jobs: readonly OperationJob[],
  operation: OpenedOperation,
  deps: ApiDeps,
): Promise<readonly Repetition[]> {
  const rows = await deps.table.findJobs(jobs.map(({ id }) => id));
  const known = jobs.flatMap(({ id, position }) => ({ position, row: rows.get(id) }));
  const current = known.filter((one): one is { position: number; row: Job } => isCurrent(one.row, deps));
  const sources = await deps.log.contents.openJobs(current.map(({ row }) => row));
  return sources.flatMap((source, index) => {
    const planned = repetition(source, operation, deps);
    const position = current[index]?.position;
    return 'event' in planned && position !== undefined ? [{ position, event: planned.event }] : [];
  });
}

/** This process may have answered with a later version than the table has. */
function isCurrent(row: Job | undefined, { servedVersions }: ApiDeps): boolean {
  return row !== undefined && row.version >= servedVersions.of(row.id);
}

/** The first ones, that fit into one append. */
function fitting(repetitions: readonly Repetition[]): readonly Repetition[] {
  let bytes = 0;
  const end = repetitions.findIndex(({ event }) => (bytes += Buffer.byteLength(encodeJobEvent(event))) > MAX_BYTES);
  return end === -1 ? repetitions : repetitions.slice(0, end);
}

function doneAs(position: number, { jobId: newJobId }: JobEvent): ProcessedJob {
  return { position, outcome: 'done', newJobId };
}
