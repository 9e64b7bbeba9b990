import type { Job, JobStatus } from '@jobstream/domain';
import type { Pool } from 'pg';
import { jobColumns, jobOfRow } from './jobRow.ts';
import type { JobRow } from './jobRow.ts';
import { pageOf, pageStatement } from './jobPage.ts';
import type { Page, PageQuery } from './jobPage.ts';
import { needsScan, sourceOf, whereClause } from './jobFilter.ts';
import type { JobFilter } from './jobFilter.ts';
import { isIndexed, LONG_JOBS, positionConditions } from './jobSort.ts';
import { unlessTooExpensive } from './unlessTooExpensive.ts';

const COUNT_JOBS = {
  name: 'count_jobs',
  text: `SELECT type, status, sum(count)::bigint AS count FROM job_counts WHERE $1::text IS NULL OR tenant = $1
    GROUP BY type, status HAVING sum(count) <> 0 ORDER BY type, status`,
};

/** One step in the index of each type, from its old end. */
const OLDEST_PENDING = {
  name: 'oldest_pending',
  text: `SELECT asked.type, oldest.created_at FROM unnest($1::text[]) AS asked(type), LATERAL
    (SELECT created_at FROM jobs WHERE type = asked.type AND status = 'pending' ORDER BY created_at, id LIMIT 1) AS oldest`,
};

const FIND_JOBS = { name: 'find_jobs', text: `SELECT ${jobColumns} FROM jobs WHERE id = ANY($1::uuid[])` };

const FIND_JOB = { name: 'find_job', text: `SELECT ${jobColumns} FROM jobs WHERE id = $1` };

/** What to list. */
export type JobListQuery = PageQuery;

/** One page of jobs. */
export type JobPage = Page<Job>;

export async function listJobs(pool: Pool, query: JobListQuery): Promise<JobPage> {
  return (await listLongest(pool, query)) ?? listAny(pool, query);
}

/** A page of the longest jobs, as far as an index has them; undefined where shorter ones belong to it, or of another sort. */
async function listLongest(pool: Pool, query: JobListQuery): Promise<JobPage | undefined> {
  if (query.sort !== 'longest') return undefined;
  const { rows } = await unlessTooExpensive(pool.query<JobRow>(pageStatement(jobColumns, query, [LONG_JOBS])));
  return rows.length > query.limit ? pageOf(rows.map(jobOfRow), query) : undefined;
}

async function listAny(pool: Pool, query: JobListQuery): Promise<JobPage> {
  const listing = pool.query<JobRow>(pageStatement(jobColumns, query));
  const isServed = isIndexed(query.sort ?? 'newest') && !needsScan(query);
  const { rows } = await (isServed ? listing : unlessTooExpensive(listing));
  return pageOf(rows.map(jobOfRow), query);
}

/** The fields that locate a job in the log. */
export interface JobReference {
  readonly id: string;
  readonly type: string;
  readonly createdAt: string;
}

/** Newest first. */
export async function findJobReferences(pool: Pool, query: Omit<PageQuery, 'sort'>): Promise<Page<JobReference>> {
  const { rows } = await pool.query<JobReference>(pageStatement('id, type, created_at AS "createdAt"', query));
  return pageOf(rows, query);
}

/** What to count; of a sort by duration, the jobs that have one. */
export type CountQuery = JobFilter & Pick<PageQuery, 'sort'>;

/** Counts matching jobs and stops at `upTo`, since counting millions takes seconds. */
export async function countMatchingJobs(pool: Pool, filter: CountQuery, upTo: number): Promise<number> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const { from, conditions } = sourceOf(filter, bind);
  const where = whereClause([...conditions, ...positionConditions({ sort: filter.sort ?? 'newest' }, bind)]);
  const text = `SELECT count(*)::int AS count FROM (SELECT 1 FROM ${from} ${where} LIMIT ${bind(upTo)}) AS matching`;
  const counting = pool.query<{ count: number }>({ text, values });
  const { rows } = await (needsScan(filter) ? unlessTooExpensive(counting) : counting);
  return rows[0]?.count ?? 0;
}

/** Counts matching jobs by type and status, `upTo` of them. */
export async function countMatchingByType(pool: Pool, filter: JobFilter, upTo: number): Promise<readonly JobCount[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const { from, conditions } = sourceOf(filter, bind);
  const matching = `SELECT type, status FROM ${from} ${whereClause(conditions)} LIMIT ${bind(upTo)}`;
  const text = `SELECT type, status, count(*)::int AS count FROM (${matching}) AS matching
    GROUP BY type, status ORDER BY count DESC, type, status`;
  const counting = pool.query<JobCount>({ text, values });
  return (await (needsScan(filter) ? unlessTooExpensive(counting) : counting)).rows;
}

/** A projected job; `sequence` is that of its last projected event. */
export interface ProjectedJob {
  readonly job: Job;
  readonly sequence: number;
}

export async function findJob(pool: Pool, id: string): Promise<ProjectedJob | undefined> {
  const { rows } = await pool.query<JobRow>({ ...FIND_JOB, values: [id] });
  const [row] = rows;
  return row && { job: jobOfRow(row), sequence: row.last_sequence };
}

export async function findJobs(pool: Pool, ids: readonly string[]): Promise<ReadonlyMap<string, Job>> {
  const { rows } = await pool.query<JobRow>({ ...FIND_JOBS, values: [ids] });
  return new Map(rows.map((row) => [row.id, jobOfRow(row)]));
}

/**
 * Whether a quarantined message is the first event of a job, which only a newer release can read; whatever its name is. The body of
 * another message without a job may be no JSON.
 */
export const BEGINS_JOB = `CASE WHEN job_id IS NULL THEN false ELSE convert_from(body, 'UTF8')::json ->> 'version' = '1' END`;

const COUNT_UNREADABLE = {
  name: 'count_unreadable_jobs',
  text: `SELECT (SELECT count(*) FROM jobs WHERE unreadable_events IS NOT NULL)::int
    + (SELECT count(*) FROM quarantined_messages q WHERE job_id IS NOT NULL AND ${BEGINS_JOB}
        AND NOT EXISTS (SELECT FROM jobs WHERE id = q.job_id))::int AS jobs`,
};

/** Counts the jobs with events that only a newer release can read, also those whose creation is one. */
export async function countUnreadableJobs(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ jobs: number }>(COUNT_UNREADABLE);
  return rows[0]?.jobs ?? 0;
}

export interface JobCount {
  readonly type: string;
  readonly status: JobStatus;
  readonly count: number;
}

export async function countJobs(pool: Pool, tenant?: string): Promise<readonly JobCount[]> {
  const { rows } = await pool.query<JobCount>({ ...COUNT_JOBS, values: [tenant ?? null] });
  return rows;
}

export async function oldestPending(pool: Pool, types: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ type: string; created_at: string }>({ ...OLDEST_PENDING, values: [types] });
  return new Map(rows.map((row) => [row.type, row.created_at]));
}
