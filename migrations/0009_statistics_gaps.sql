-- What job_statistics does not have, because a migration began to count in a table that was already filled. A rebuild, and
-- verify --repair, count everything from the log and leave no gap: docs/read-model.md.

CREATE TABLE job_statistics_gaps (
  migration text PRIMARY KEY,
  -- Events that were projected before it are missing.
  incomplete_before timestamptz NOT NULL
);

-- Every JobCreated is counted, and its day is kept for good: fewer of them than jobs, or a job before the first day, means that
-- job_statistics was added later and has not been rebuilt since.
INSERT INTO job_statistics_gaps
  SELECT name, run_on::timestamptz FROM schema_migrations
    WHERE name = '0005_statistics' AND (
      (SELECT coalesce(sum(count), 0) FROM job_counts)
        > (SELECT coalesce(sum(created), 0) FROM job_statistics WHERE resolution = 'day')
      OR EXISTS (SELECT FROM jobs WHERE created_at < (SELECT min(starts_at) FROM job_statistics WHERE resolution = 'day')));
