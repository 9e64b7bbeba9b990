-- GET /api/failures: failed jobs grouped by type, error name, code and message without its varying parts.

-- Names the group of a failed job: libs/readmodel/src/jobs/failureGroup.ts. NULL for all other jobs, and until a rebuild
-- for those that failed before this migration.
ALTER TABLE jobs ADD COLUMN failure text;

-- The failures of a period, read from the index alone. Jobs that have not failed cost nothing here.
CREATE INDEX jobs_failures ON jobs (finished_at DESC, failure, type, tenant) WHERE status = 'failed';

-- The jobs of a group.
CREATE INDEX jobs_newest_of_failure ON jobs (failure, created_at DESC, id DESC) WHERE status = 'failed';
