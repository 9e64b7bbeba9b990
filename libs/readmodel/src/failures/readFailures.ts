import type { Job } from '@jobstream/domain';
import type { Pool } from 'pg';
import { unlessTooExpensive } from '../jobs/unlessTooExpensive.ts';
import { jobColumnsWithoutValues, jobOfRow } from '../jobs/jobRow.ts';
import type { JobRow } from '../jobs/jobRow.ts';
import { groupName } from '../jobs/failureGroup.ts';
import type { Resolution } from '../statistics/statisticsPeriod.ts';

/** The failures that one query reads: the newest. */
const MOST_FAILURES = 100_000;

/** Selects the jobs that have failed since a time. */
export interface FailuresQuery {
  readonly tenant?: string | undefined;
  readonly type?: readonly string[] | undefined;
  /** RFC 3339, inclusive. There is no end: a job may have failed by a clock that is ahead of the reader's. */
  readonly from: string;
  /** The length of the periods in which failures are counted. */
  readonly resolution: Resolution;
  /** The number of groups. */
  readonly limit: number;
}

/** Jobs that failed alike. */
export interface FailureGroup {
  /** Its name, of words and the digest. */
  readonly id: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** The job that failed last, without payload and result, and with its error as it is stored. */
  readonly lastJob: Job & Required<Pick<Job, 'error'>>;
  /** By the start of the period, oldest first; empty ones are left out. */
  readonly series: readonly { readonly at: string; readonly count: number }[];
}

export interface Failures {
  /** The largest groups, largest first. */
  readonly groups: readonly FailureGroup[];
  /** The failed jobs of the period, also those of other groups. */
  readonly total: number;
  /** False if there are more, which were not read. */
  readonly isComplete: boolean;
  /** Of them, those without a group: they failed before groups were introduced. */
  readonly ungrouped: number;
}

/**
 * One scan of an index that only failed jobs are in; the rows of `jobs` are read for one job a group. `date_bin` is a
 * third of `date_trunc` with a time zone, and `recent` is not stored, since at 100,000 rows it would go to disk. Not a named
 * statement: the plan for any values, which Postgres makes for the sixth execution of one, took four times as long.
 */
const READ = {
  text: `WITH recent AS NOT MATERIALIZED (
      SELECT failure, finished_at FROM jobs WHERE status = 'failed' AND finished_at >= $1
        AND ($2::text IS NULL OR tenant = $2) AND ($3::text[] IS NULL OR type = ANY($3))
        ORDER BY finished_at DESC LIMIT ${MOST_FAILURES + 1}),
    periods AS MATERIALIZED (SELECT failure, date_bin($4::interval, finished_at, '2000-01-01T00:00:00Z') AS at, count(*)::int AS count,
        min(finished_at) AS first_at, max(finished_at) AS last_at FROM recent GROUP BY 1, 2),
    numbers AS (SELECT coalesce(sum(count), 0)::int AS total,
        coalesce(sum(count) FILTER (WHERE failure IS NULL), 0)::int AS ungrouped FROM periods),
    largest AS (SELECT failure, sum(count)::int AS count, min(first_at) AS first_at, max(last_at) AS last_at
      FROM periods WHERE failure IS NOT NULL GROUP BY failure ORDER BY sum(count) DESC, max(last_at) DESC, failure LIMIT $5),
    series AS (SELECT failure, json_agg(json_build_array((extract(epoch FROM at) * 1000)::bigint, count) ORDER BY at) AS series
      FROM periods GROUP BY failure)
    SELECT numbers.total, numbers.ungrouped, failure AS id, largest.count, first_at AS "firstAt", last_at AS "lastAt",
        last.id AS "lastJobId", series.series
      FROM numbers LEFT JOIN largest ON true LEFT JOIN series USING (failure) LEFT JOIN LATERAL (
        SELECT id FROM jobs WHERE status = 'failed' AND finished_at = last_at AND failure = largest.failure
          AND ($2::text IS NULL OR tenant = $2) ORDER BY id DESC LIMIT 1) AS last ON true
      ORDER BY largest.count DESC, last_at DESC, failure`,
};

const LOAD = {
  name: 'load_failed_jobs',
  text: `SELECT ${jobColumnsWithoutValues} FROM jobs WHERE id = ANY($1::uuid[])`,
};

interface Row extends Omit<FailureGroup, 'id' | 'lastJob' | 'series'> {
  readonly total: number;
  readonly ungrouped: number;
  /** Null in the only row, if there is no group. */
  readonly id: string | null;
  readonly lastJobId: string;
  readonly series: readonly (readonly [number, number])[];
}

/** @throws QueryTooExpensiveError. */
export async function readFailures(pool: Pool, query: FailuresQuery): Promise<Failures> {
  const { tenant = null, type, from, resolution, limit } = query;
  const values = [from, tenant, type ?? null, `1 ${resolution}`, limit];
  const { rows } = await unlessTooExpensive(pool.query<Row>({ ...READ, values }));
  const { total = 0, ungrouped = 0 } = rows[0] ?? {};
  return {
    groups: groupsOf(rows, await loadJobs(pool, rows)),
    total: Math.min(total, MOST_FAILURES),
    isComplete: total <= MOST_FAILURES,
    ungrouped,
  };
}

async function loadJobs(pool: Pool, groups: readonly Row[]): Promise<ReadonlyMap<string, Job>> {
  const ids = groups.flatMap(({ id, lastJobId }) => (id === null ? [] : [lastJobId]));
  const { rows } = await pool.query<JobRow>({ ...LOAD, values: [ids] });
  return new Map(rows.map((row) => [row.id, jobOfRow(row)]));
}

/** Names each group by its error as it is stored: an encrypted message is not in its name. Leaves out a group whose last job was retried in this moment. */
function groupsOf(rows: readonly Row[], jobs: ReadonlyMap<string, Job>): readonly FailureGroup[] {
  return rows.flatMap(({ id, count, firstAt, lastAt, lastJobId, series }) => {
    const lastJob = jobs.get(lastJobId);
    if (id === null || lastJob?.error === undefined) return [];
    const failed = { ...lastJob, error: lastJob.error };
    const counts = series.map(([ms, failures]) => ({ at: new Date(ms).toISOString(), count: failures }));
    return [{ id: groupName(id, failed), count, firstAt, lastAt, lastJob: failed, series: counts }];
  });
}
