import { evolve } from '@jobstream/domain';
import type { Job, JobEvent, JobState } from '@jobstream/domain';
import type { ClientBase } from 'pg';
import { jobColumnsWithoutValues, jobOfRow } from '../jobs/jobRow.ts';
import type { JobRow } from '../jobs/jobRow.ts';
import type { BulkStatement, RowCopy } from '../postgres/bulkStatement.ts';
import { JobStatistics } from '../statistics/jobStatistics.ts';
import { jobCountsStatements } from './jobCountsStatements.ts';
import type { ProjectableEvent } from './projectableEntry.ts';
import { insertJobRows, jobWriteOf, sizeOf, updateJobRows } from './writeJobRows.ts';
import type { ChangedJob, JobWrite } from './writeJobRows.ts';

/**
 * What is known of jobs without reading them: the state of some, and whether a JobCreated may be taken at its word.
 * It may not once that was wrong, because another writer created a job twice.
 */
export interface Assumptions {
  readonly recent: { get(jobId: string): JobState };
  readonly createdIsNew: boolean;
}

/** What events do to the tables of jobs, ready to be written. */
export interface PreparedBatch {
  readonly writes: readonly JobWrite[];
  /** Rows of new jobs. */
  readonly copies: readonly RowCopy[];
  readonly statements: readonly BulkStatement[];
}

/** Characters of JSON in one statement; the limit of a parameter is far above, but all of them are in memory. */
const MAX_STATEMENT_CHARS = 16_000_000;

const LOAD_JOBS = { name: 'load_jobs', text: `SELECT ${jobColumnsWithoutValues} FROM jobs WHERE id = ANY($1::uuid[])` };

/**
 * Folds the events onto the jobs as they are known or in their rows, and makes what brings the rows of `jobs`,
 * `job_counts` and `job_statistics` up to them. Does so at once, before it returns, unless there are rows to read.
 */
export async function prepareBatch(
  client: ClientBase,
  events: readonly ProjectableEvent[],
  assumptions: Assumptions,
): Promise<PreparedBatch> {
  const { known, missing } = whatIsKnown(events, assumptions);
  const loaded = missing.length === 0 ? new Map<string, Job>() : await loadJobs(client, missing);
  const statistics = new JobStatistics();
  const changes = foldEvents(events, {
    stateBefore: (jobId) => known.get(jobId) ?? loaded.get(jobId),
    onEvent: (before, event) => statistics.count(before, event),
  });
  const writes = changes.map(jobWriteOf);
  const copies = partsOf(writes.filter(isNew)).map(insertJobRows);
  const updates = partsOf(writes.filter((write) => !isNew(write))).map(updateJobRows);
  const counts = [...jobCountsStatements(changes), ...statistics.statements(Date.now())];
  return { writes, copies, statements: [...updates, ...counts] };
}

function isNew({ baseVersion }: JobWrite): boolean {
  return baseVersion === undefined;
}

/** Looked up at once: what is remembered changes while rows are read. */
function whatIsKnown(events: readonly ProjectableEvent[], { recent, createdIsNew }: Assumptions) {
  const known = new Map<string, JobState>();
  const missing: string[] = [];
  for (const { event } of events) {
    if (known.has(event.jobId)) continue;
    const state = recent.get(event.jobId);
    known.set(event.jobId, state);
    if (state === undefined && !(createdIsNew && event.event === 'JobCreated')) missing.push(event.jobId);
  }
  return { known, missing };
}

async function loadJobs(client: ClientBase, ids: readonly string[]): Promise<ReadonlyMap<string, Job>> {
  const { rows } = await client.query<JobRow>({ ...LOAD_JOBS, values: [ids] });
  return new Map(rows.map((row) => [row.id, jobOfRow(row)]));
}

function partsOf(writes: readonly JobWrite[]): JobWrite[][] {
  const parts: JobWrite[][] = [];
  let [part, chars]: [JobWrite[], number] = [[], 0];
  for (const write of writes) {
    part.push(write);
    chars += sizeOf(write);
    if (chars < MAX_STATEMENT_CHARS) continue;
    parts.push(part);
    [part, chars] = [[], 0];
  }
  return part.length > 0 ? [...parts, part] : parts;
}

/** Where the states before the events come from, and who is told of each event that changed its job. */
interface Folding {
  readonly stateBefore: (jobId: string) => JobState;
  readonly onEvent: (before: JobState, event: JobEvent) => void;
}

/** Folds the events, oldest first, onto the states before them: many events of a job become one change. */
function foldEvents(events: readonly ProjectableEvent[], { stateBefore, onEvent }: Folding): readonly ChangedJob[] {
  const changes = new Map<string, ChangedJob>();
  for (const { event, sequence } of events) {
    const change = changes.get(event.jobId);
    if (change === undefined) {
      const before = stateBefore(event.jobId);
      const after = evolve(before, event);
      if (after !== before) onEvent(before, event);
      if (after !== undefined) changes.set(event.jobId, { before, after, sequence });
    } else {
      const before = change.after;
      change.after = evolve(before, event) ?? before;
      if (change.after !== before) onEvent(before, event);
      // Even an event that cannot follow on the state: it is the job's last one in the log.
      change.sequence = sequence;
    }
  }
  return [...changes.values()];
}
