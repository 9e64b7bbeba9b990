import { evolve, isReadable } from '@jobstream/domain';
import type { Job, JobState, LoggedEvent } from '@jobstream/domain';
import type { Client } from 'pg';
import { jobColumnsWithoutValues, jobOfRow } from '../jobs/jobRow.ts';
import type { JobRow } from '../jobs/jobRow.ts';
import { ProjectionFencedError } from '../errors.ts';
import { copyRows } from '../postgres/bulkStatement.ts';
import type { BulkStatement } from '../postgres/bulkStatement.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import type { SearchPaths } from '../search/searchPaths.ts';
import { searchStatements } from '../search/searchRows.ts';
import { JobStatistics } from '../statistics/jobStatistics.ts';
import { JOBS_PROJECTION, lockPosition } from './checkpointFence.ts';
import type { ProjectionPosition } from './checkpointFence.ts';
import { jobCountsStatements } from './jobCountsStatements.ts';
import { StepRows } from './stepRows.ts';
import { insertJobRows, jobWriteOf } from './writeJobRows.ts';
import type { ChangedJob } from './writeJobRows.ts';

/** An event of a newer release that was put aside. */
export interface PutAsideEvent {
  readonly sequence: number;
  readonly subject: string;
  readonly jobId: string;
  readonly body: Uint8Array;
}

/** A job of whose events some were put aside that can be read now. */
export interface ReadableJob {
  readonly jobId: string;
  /** The whole history as it is read now, oldest first; also beyond the position of the table. */
  readonly history: readonly { readonly sequence: number; readonly event: LoggedEvent }[];
  /** The sequences of its events that were put aside and can be read now. */
  readonly readNow: ReadonlySet<number>;
}

const READ = {
  name: 'read_put_aside',
  text: `SELECT sequence, subject, job_id AS "jobId", body FROM quarantined_messages
    WHERE job_id IN (SELECT DISTINCT job_id FROM quarantined_messages WHERE job_id > $1 ORDER BY job_id LIMIT $2)
    ORDER BY job_id, sequence`,
};
const LOAD = `SELECT ${jobColumnsWithoutValues} FROM jobs WHERE id = ANY($1::uuid[])`;
const DELETE = `WITH searched AS (DELETE FROM job_search WHERE job_id = ANY($1::uuid[])),
    stepped AS (DELETE FROM job_steps WHERE job_id = ANY($1::uuid[]))
  DELETE FROM jobs WHERE id = ANY($1::uuid[])`;
const RELEASE = 'DELETE FROM quarantined_messages WHERE sequence = ANY($1::bigint[])';
/** What the log alone would not have. */
const DELETE_EMPTY = `DELETE FROM job_statistics WHERE (created, completed, failed, retried) = (0, 0, 0, 0)
  AND run_times = '{}' AND wait_times = '{}'`;

/** Where the tables are, and by which paths their jobs are searched. */
interface RefoldedTables {
  readonly position: ProjectionPosition;
  readonly searchPaths: SearchPaths;
}

/** Returns all events that were put aside of the next jobs after this id, by job and sequence. */
export async function readPutAside(client: Client, afterJob: string, jobs: number): Promise<readonly PutAsideEvent[]> {
  const { rows } = await client.query<PutAsideEvent>({ ...READ, values: [afterJob, jobs] });
  return rows;
}

/**
 * Writes the rows, counts and statistics of these jobs anew, as their whole history makes them up to the position of the
 * table, and takes the events that can be read now out of quarantine: all in one transaction.
 *
 * @throws ProjectionFencedError, errors of Postgres.
 */
export function refoldJobs(client: Client, at: RefoldedTables, jobs: readonly ReadableJob[]): Promise<void> {
  const { position, searchPaths } = at;
  return inTransaction(client, async () => {
    const { sequence, generation } = await lockPosition(client);
    if (sequence !== position.sequence || generation !== position.generation) {
      throw new ProjectionFencedError(JOBS_PROJECTION, position.sequence);
    }
    const rows = await loadJobs(client, jobs);
    const statistics = new JobStatistics();
    const steps = new StepRows();
    const changes = jobs.flatMap((job) => refold(job, { row: rows.get(job.jobId), sequence, statistics, steps }));
    await client.query(DELETE, [changes.map(({ after }) => after.id)]);
    const writes = changes.map(({ after, sequence: last }) => jobWriteOf({ before: undefined, after, sequence: last }));
    if (writes.length > 0) await copyRows(client, insertJobRows(writes));
    const searched = searchStatements(writes, searchPaths);
    const counted = [...jobCountsStatements(changes), ...statistics.statements(Date.now())];
    await run(client, [...counted, ...searched, ...steps.statements()]);
    await client.query(DELETE_EMPTY);
    await client.query(RELEASE, [jobs.flatMap(({ readNow }) => [...readNow])]);
  });
}

async function loadJobs(client: Client, jobs: readonly ReadableJob[]): Promise<ReadonlyMap<string, Job>> {
  const { rows } = await client.query<JobRow>(LOAD, [jobs.map(({ jobId }) => jobId)]);
  return new Map(rows.map((row) => [row.id, jobOfRow(row)]));
}

async function run(client: Client, statements: readonly BulkStatement[]): Promise<void> {
  for (const { text, values } of statements) await client.query(text, values);
}

interface Refolding {
  /** The job as the table has it. */
  readonly row: JobState;
  /** The position of the table. */
  readonly sequence: number;
  readonly statistics: JobStatistics;
  readonly steps: StepRows;
}

/** Folds the job as it was folded before, to take that out of the statistics, and as it is read now. */
function refold({ history, readNow }: ReadableJob, { row, sequence, statistics, steps }: Refolding): ChangedJob[] {
  const projected = history.filter((one) => one.sequence <= sequence);
  let [before, after]: [JobState, JobState] = [undefined, undefined];
  for (const one of projected) {
    before = step(before, readNow.has(one.sequence) ? unread(one.event) : one.event, (...at) =>
      statistics.count(...at, -1),
    );
    after = step(after, one.event, (...at) => {
      statistics.count(...at);
      steps.note(...at);
    });
  }
  // A completed job that was in the table and is not any more is too old for it.
  const isRetired = row === undefined && before !== undefined && after?.status === 'completed';
  if (after === undefined || isRetired) return [];
  return [{ before: row, after, sequence: projected.at(-1)?.sequence ?? 0 }];
}

type Count = (before: JobState, event: Parameters<JobStatistics['count']>[1]) => void;

function step(state: JobState, event: LoggedEvent, count: Count): JobState {
  const next = evolve(state, event);
  if (next !== state && isReadable(event)) count(state, event);
  return next;
}

function unread({ event: name, jobId, jobType, version }: LoggedEvent): LoggedEvent {
  return { event: 'UnreadableEvent', name, jobId, jobType, version };
}
