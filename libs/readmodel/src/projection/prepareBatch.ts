import { evolve, isCreation, isReadable } from '@jobstream/domain';
import type { Job, JobState, LoggedEvent } from '@jobstream/domain';
import type { ClientBase } from 'pg';
import { jobColumnsWithoutValues, jobOfRow } from '../jobs/jobRow.ts';
import type { JobRow } from '../jobs/jobRow.ts';
import type { BulkStatement, RowCopy } from '../postgres/bulkStatement.ts';
import type { SearchPaths } from '../search/searchPaths.ts';
import { searchStatements } from '../search/searchRows.ts';
import { JobStatistics } from '../statistics/jobStatistics.ts';
import { jobCountsStatements } from './jobCountsStatements.ts';
import type { FoldableEntry } from './projectableEntry.ts';
import { StepRows } from './stepRows.ts';
import { insertJobRows, jobWriteOf, sizeOf, updateJobRows } from './writeJobRows.ts';
import type { ChangedJob, JobWrite } from './writeJobRows.ts';

/**
 * What is assumed of jobs without reading their rows: cached states, and whether a JobCreated is taken to be the first
 * event of its job, which is wrong when another writer created the job twice.
 */
export interface Assumptions {
  readonly cache: { get(jobId: string): JobState };
  readonly createdIsNew: boolean;
  readonly searchPaths: SearchPaths;
}

/** The effect of events on the tables, ready to be written. */
export interface PreparedBatch {
  readonly writes: readonly JobWrite[];
  /** Rows of new jobs. */
  readonly copies: readonly RowCopy[];
  readonly statements: readonly BulkStatement[];
  /** The sequences of the events that change nothing. */
  readonly ignored: readonly number[];
}

/** Characters of JSON in one statement; the limit of a parameter is far above, but all of them are in memory. */
const MAX_STATEMENT_CHARS = 16_000_000;

const LOAD_JOBS = { name: 'load_jobs', text: `SELECT ${jobColumnsWithoutValues} FROM jobs WHERE id = ANY($1::uuid[])` };

/**
 * Folds the events onto the cached or stored states of their jobs, and prepares the writes to `jobs`, `job_steps`,
 * `job_counts` and `job_statistics`. Runs synchronously unless there are rows to read.
 */
export async function prepareBatch(
  client: ClientBase,
  events: readonly FoldableEntry[],
  assumptions: Assumptions,
): Promise<PreparedBatch> {
  const { known, missing } = knownStates(events, assumptions);
  const loaded = missing.length === 0 ? new Map<string, Job>() : await loadJobs(client, missing);
  const statistics = new JobStatistics();
  const steps = new StepRows();
  const ignored: number[] = [];
  const changes = foldEvents(events, {
    stateBefore: (jobId) => known.get(jobId) ?? loaded.get(jobId),
    onEvent: (before, event) => {
      if (isReadable(event)) statistics.count(before, event);
      steps.note(before, event);
    },
    onIgnored: (sequence) => void ignored.push(sequence),
  });
  const writes = changes.map(jobWriteOf);
  const copies = partsOf(writes.filter(isNew)).map(insertJobRows);
  const updates = partsOf(writes.filter((write) => !isNew(write))).map(updateJobRows);
  const counts = [...jobCountsStatements(changes), ...statistics.statements(Date.now())];
  const searched = searchStatements(writes, assumptions.searchPaths);
  return { writes, copies, statements: [...updates, ...counts, ...searched, ...steps.statements()], ignored };
}

function isNew({ baseVersion }: JobWrite): boolean {
  return baseVersion === undefined;
}

/** Looked up all at once, since the cache changes while rows are read. */
function knownStates(events: readonly FoldableEntry[], { cache, createdIsNew }: Assumptions) {
  const known = new Map<string, JobState>();
  const missing: string[] = [];
  for (const { event } of events) {
    if (known.has(event.jobId)) continue;
    const state = cache.get(event.jobId);
    known.set(event.jobId, state);
    if (state === undefined && !(createdIsNew && isFirst(event))) missing.push(event.jobId);
  }
  return { known, missing };
}

/** False for what cannot be a job's first event: it changes nothing, whatever the state of the job. */
function isFirst(event: LoggedEvent): boolean {
  return isCreation(event) && event.version === 1;
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

/** Supplies the state of a job before the events; `onEvent` is called for each event that changed its job, `onIgnored` for all others. */
interface Folding {
  readonly stateBefore: (jobId: string) => JobState;
  readonly onEvent: (before: JobState, event: LoggedEvent) => void;
  readonly onIgnored: (sequence: number) => void;
}

/** Folds the events, oldest first, into one change for each job. */
function foldEvents(events: readonly FoldableEntry[], folding: Folding): readonly ChangedJob[] {
  const changes = new Map<string, ChangedJob>();
  for (const { event, sequence } of events) {
    const change = changes.get(event.jobId);
    const before = change === undefined ? folding.stateBefore(event.jobId) : change.after;
    const after = evolve(before, event) ?? before;
    const isIgnored = after === before;
    if (isIgnored) folding.onIgnored(sequence);
    else folding.onEvent(before, event);
    // Written also for an event that is illegal in this state: that finds out whether the row is as it is taken to be.
    if (after === undefined) continue;
    const last = isIgnored ? change?.sequence : sequence;
    if (change === undefined) changes.set(event.jobId, { before, after, sequence: last });
    else Object.assign(change, { after, sequence: last });
  }
  return [...changes.values()];
}
