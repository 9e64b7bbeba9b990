import type { Job, JobState } from '@jobstream/domain';
import type { ClientBase } from 'pg';
import type { RowCopy } from '../copyRows.ts';
import type { ProjectableEvent } from '../projectableEntry.ts';
import { JobStatistics } from '../statistics/jobStatistics.ts';
import { countsStatement } from './countsStatement.ts';
import { foldEvents } from './foldEvents.ts';
import { jobColumnsWithoutValues, jobOfRow } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import { copyOf, updateStatement } from './jobStatements.ts';
import type { Statement } from './jobStatements.ts';
import { jobWriteOf, sizeOf } from './jobWrite.ts';
import type { JobWrite } from './jobWrite.ts';

/**
 * What is known of jobs without reading them: the state of some, and whether a JobCreated may be taken at its word.
 * It may not once that was wrong, because another writer created a job twice.
 */
export interface Assumptions {
  readonly recent: { get(jobId: string): JobState };
  readonly createdIsNew: boolean;
}

/** What events do to the tables of jobs, ready to be written. */
export interface PreparedJobs {
  readonly writes: readonly JobWrite[];
  /** Rows of new jobs. */
  readonly copies: readonly RowCopy[];
  readonly statements: readonly Statement[];
}

/** Characters of JSON in one statement; the limit of a parameter is far above, but all of them are in memory. */
const MAX_STATEMENT_CHARS = 16_000_000;

const LOAD_JOBS = { name: 'load_jobs', text: `SELECT ${jobColumnsWithoutValues} FROM jobs WHERE id = ANY($1::uuid[])` };

/**
 * Folds the events onto the jobs as they are known or in their rows, and makes what brings the rows of `jobs`,
 * `job_counts` and `job_statistics` up to them. Does so at once, before it returns, unless there are rows to read.
 */
export async function prepareJobs(
  client: ClientBase,
  events: readonly ProjectableEvent[],
  assumptions: Assumptions,
): Promise<PreparedJobs> {
  const { known, missing } = whatIsKnown(events, assumptions);
  const loaded = missing.length === 0 ? new Map<string, Job>() : await loadJobs(client, missing);
  const statistics = new JobStatistics();
  const changes = foldEvents(events, {
    stateBefore: (jobId) => known.get(jobId) ?? loaded.get(jobId),
    onEvent: (before, event) => statistics.count(before, event),
  });
  const writes = changes.map(jobWriteOf);
  const copies = partsOf(writes.filter(isNew)).map(copyOf);
  const updates = partsOf(writes.filter((write) => !isNew(write))).map(updateStatement);
  const counts = [...countsStatement(changes), ...statistics.statements(Date.now())];
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
