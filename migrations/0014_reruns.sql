-- The job that this one repeats on behalf of an operator; NULL for none.
ALTER TABLE jobs ADD COLUMN rerun_of uuid;

-- The repetitions of a job, newest first, which are few.
CREATE INDEX jobs_rerun_of ON jobs (rerun_of, created_at DESC, id DESC) WHERE rerun_of IS NOT NULL;
