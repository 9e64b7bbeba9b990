-- GET /api/jobs?sort=longest, down to jobs that ran for a second: libs/readmodel/src/jobs/jobSort.ts. A table of millions is
-- not sorted in time, and an entry for each job would be paid for by all of them: short jobs, which come at high rates, have none.
CREATE INDEX jobs_longest ON jobs ((finished_at - started_at) DESC, id DESC)
  WHERE finished_at - started_at >= interval '1 second';
