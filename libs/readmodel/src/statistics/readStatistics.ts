import type { Pool } from 'pg';
import type { Buckets } from './durationBuckets.ts';
import { readStatisticsGap } from './statisticsGap.ts';
import type { Resolution } from './statisticsPeriod.ts';

/** Selects the statistics of a tenant and a type, or of all, from a time (inclusive) to another (exclusive), both RFC 3339. */
export interface StatisticsQuery {
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly resolution: Resolution;
  readonly from: string;
  readonly to: string;
}

/** What happened to the jobs of a type in one period. */
export interface PeriodCounts {
  readonly type: string;
  readonly startsAt: string;
  readonly created: number;
  readonly completed: number;
  readonly failed: number;
  readonly retried: number;
}

/** How long the attempts of a type ran and its jobs waited, over the whole selected time. */
export interface TypeDurations {
  readonly type: string;
  readonly runTimes: Buckets;
  readonly waitTimes: Buckets;
}

export interface StatisticsPage {
  /** Oldest first; empty periods are left out. */
  readonly periods: readonly PeriodCounts[];
  readonly durations: readonly TypeDurations[];
  /** Events before this time (RFC 3339) may be missing, because the table was filled before its statistics were added. */
  readonly incompleteBefore?: string | undefined;
}

const WHERE = `resolution = $1 AND starts_at >= $2 AND starts_at < $3 AND ($4::text IS NULL OR tenant = $4)
  AND ($5::text IS NULL OR type = $5)`;

const READ_PERIODS = {
  name: 'read_periods',
  text: `SELECT type, starts_at AS "startsAt", sum(created)::bigint AS created, sum(completed)::bigint AS completed,
      sum(failed)::bigint AS failed, sum(retried)::bigint AS retried
    FROM job_statistics WHERE ${WHERE} GROUP BY type, starts_at ORDER BY starts_at, type`,
};

const READ_DURATIONS = {
  name: 'read_durations',
  text: `WITH each AS (
      SELECT type, true AS is_run, key, value FROM job_statistics, jsonb_each_text(run_times) WHERE ${WHERE}
      UNION ALL
      SELECT type, false, key, value FROM job_statistics, jsonb_each_text(wait_times) WHERE ${WHERE}),
    total AS (SELECT type, is_run, key, sum(value::bigint)::bigint AS count FROM each GROUP BY type, is_run, key)
    SELECT type, coalesce(json_object_agg(key, count) FILTER (WHERE is_run), '{}') AS "runTimes",
        coalesce(json_object_agg(key, count) FILTER (WHERE NOT is_run), '{}') AS "waitTimes"
      FROM total GROUP BY type ORDER BY type`,
};

export async function readStatistics(pool: Pool, query: StatisticsQuery): Promise<StatisticsPage> {
  const values = [query.resolution, query.from, query.to, query.tenant ?? null, query.type ?? null];
  const [periods, durations, incompleteBefore] = await Promise.all([
    pool.query<PeriodCounts>({ ...READ_PERIODS, values }),
    pool.query<TypeDurations>({ ...READ_DURATIONS, values }),
    readStatisticsGap(pool),
  ]);
  return { periods: periods.rows, durations: durations.rows, incompleteBefore };
}
