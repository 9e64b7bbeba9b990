-- GET /api/stats?window=…: what happened to jobs, counted in the same transaction as the rows of the jobs themselves.

-- The same events are counted in three lengths, so that a question about a day reads 24 rows a type and not 1,440.
-- Minutes are kept for two days, hours for 62, days for good: by the time at which the events happened.
CREATE TABLE job_statistics (
  resolution text NOT NULL CHECK (resolution IN ('minute', 'hour', 'day')),
  starts_at timestamptz NOT NULL,
  type text NOT NULL,
  -- The empty text stands for no tenant: a primary key takes no NULL.
  tenant text NOT NULL,
  created bigint NOT NULL,
  completed bigint NOT NULL,
  failed bigint NOT NULL,
  retried bigint NOT NULL,
  -- Histograms: how many durations fell into which bucket; libs/readmodel/src/statistics/durationBuckets.ts. The time that
  -- completed attempts ran, and the time that jobs waited from when they were due until an attempt started.
  run_times jsonb NOT NULL,
  wait_times jsonb NOT NULL,
  PRIMARY KEY (resolution, starts_at, type, tenant)
) WITH (
  -- The rows of the present are updated all the time: their next versions find room in the same page.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02
);
