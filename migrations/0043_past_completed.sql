-- A completed job leaves past_jobs: the change that completed it says all that lists need, and nothing can follow it. So the last update
-- of a row, with an entry in each of its indexes, is the deletion of the row. Rows of jobs that completed before this migration leave
-- with their changes; readers pass over them: libs/readmodel/src/past/readPast.ts.

-- The jobs that were completed by a moment, newest first: as the indexes of past_jobs.
CREATE INDEX past_changes_completed ON past_changes (first_sequence) WHERE status = 'completed';
CREATE INDEX past_changes_completed_of_type ON past_changes (type, first_sequence) WHERE status = 'completed';
CREATE INDEX past_changes_completed_of_tenant ON past_changes (tenant, first_sequence) WHERE status = 'completed' AND tenant IS NOT NULL;
CREATE INDEX past_changes_completed_tags ON past_changes USING gin (tags) WHERE status = 'completed' AND tags <> '{}';

-- A job whose first event comes once more is found by the row of the first one, also when it has completed. Should there be two such
-- rows already, the follower builds past states anew.
DO $$
BEGIN
  CREATE UNIQUE INDEX past_changes_first ON past_changes (job_id) WHERE left_status IS NULL;
EXCEPTION WHEN unique_violation THEN
  TRUNCATE past_jobs, past_changes, past_counts, past_checkpoint;
  CREATE UNIQUE INDEX past_changes_first ON past_changes (job_id) WHERE left_status IS NULL;
END
$$;
