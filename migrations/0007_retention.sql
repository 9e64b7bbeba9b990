-- Completed jobs leave the table when they are older than TABLE_MAX_AGE: docs/read-model.md.

-- All jobs that were completed before this have left; what is compared with the log leaves them out as well.
ALTER TABLE projection_checkpoints ADD COLUMN retired_before timestamptz;

-- Finding the oldest of them. A row enters it once, when the job is completed.
CREATE INDEX jobs_completed ON jobs (finished_at) WHERE status = 'completed';
