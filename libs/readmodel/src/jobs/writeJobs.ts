import type { Job, JobState } from '@jobstream/domain';
import type { ClientBase } from 'pg';
import type { ProjectableEvent } from '../projectableEntry.ts';
import { addToCounts } from './addToCounts.ts';
import { foldEvents } from './foldEvents.ts';
import { jobColumnsWithoutValues, jobOfRow } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import { insertStatement, updateStatement } from './jobStatements.ts';
import { jobWriteOf, sizeOf } from './jobWrite.ts';
import type { JobWrite } from './jobWrite.ts';

/** Rows are not as was assumed without reading them; nothing of the batch may be committed. */
export class JobsOutOfStepError extends Error {
  readonly code = 'JOBS_OUT_OF_STEP';

  constructor(expected: number, found: number) {
    super(`${expected} rows of jobs should have changed, but ${found} did`);
    this.name = 'JobsOutOfStepError';
  }
}

/**
 * What is known of jobs without reading them: the state of some, and whether a JobCreated may be taken at its word.
 * It may not once that was wrong, because another writer created a job twice.
 */
export interface Assumptions {
  readonly recent: { get(jobId: string): JobState };
  readonly createdIsNew: boolean;
}

/** Characters of JSON in one statement; the limit of a parameter is far above, but all of them are in memory. */
const MAX_STATEMENT_CHARS = 16_000_000;

const LOAD_JOBS = { name: 'load_jobs', text: `SELECT ${jobColumnsWithoutValues} FROM jobs WHERE id = ANY($1::uuid[])` };

/** Brings the rows of `jobs` and `job_counts` up to the events, inside a transaction of the caller. */
export async function writeJobs(
  client: ClientBase,
  events: readonly ProjectableEvent[],
  assumptions: Assumptions,
): Promise<readonly JobWrite[]> {
  const loaded = await loadJobs(client, idsToLoad(events, assumptions));
  const changes = foldEvents(events, (jobId) => assumptions.recent.get(jobId) ?? loaded.get(jobId));
  const writes = changes.map(jobWriteOf);
  for (const part of partsOf(writes.filter(isNew))) await run(client, insertStatement(part), part.length);
  for (const part of partsOf(writes.filter((write) => !isNew(write)))) {
    await run(client, updateStatement(part), part.length);
  }
  await addToCounts(client, changes);
  return writes;
}

function isNew({ baseVersion }: JobWrite): boolean {
  return baseVersion === undefined;
}

function idsToLoad(events: readonly ProjectableEvent[], { recent, createdIsNew }: Assumptions): string[] {
  const seen = new Set<string>();
  const missing: string[] = [];
  for (const { event } of events) {
    if (seen.has(event.jobId)) continue;
    seen.add(event.jobId);
    if (createdIsNew && event.event === 'JobCreated') continue;
    if (recent.get(event.jobId) === undefined) missing.push(event.jobId);
  }
  return missing;
}

async function loadJobs(client: ClientBase, ids: readonly string[]): Promise<ReadonlyMap<string, Job>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<JobRow>({ ...LOAD_JOBS, values: [ids] });
  return new Map(rows.map((row) => [row.id, jobOfRow(row)]));
}

async function run(client: ClientBase, statement: ReturnType<typeof insertStatement>, expected: number): Promise<void> {
  const { rowCount } = await client.query(statement);
  if (rowCount !== expected) throw new JobsOutOfStepError(expected, rowCount ?? 0);
}

function* partsOf(writes: readonly JobWrite[]): Iterable<readonly JobWrite[]> {
  let part: JobWrite[] = [];
  let chars = 0;
  for (const write of writes) {
    part.push(write);
    chars += sizeOf(write);
    if (chars < MAX_STATEMENT_CHARS) continue;
    yield part;
    part = [];
    chars = 0;
  }
  if (part.length > 0) yield part;
}
