-- GET /api/jobs?asOf=… and GET /api/stats?asOf=…: which job had which status when, in sequences of the log. Written by a
-- follower of its own in the projector's process where AS_OF_REACH is set: docs/read-model.md. Nothing that jobs contain is here.

-- One row per job: the newest state that the follower knows.
CREATE TABLE past_jobs (
  job_id uuid PRIMARY KEY,
  -- Of the first event of the job, by which lists are ordered.
  first_sequence bigint NOT NULL,
  type text NOT NULL,
  tenant text,
  tags text[] NOT NULL,
  status text NOT NULL,
  -- The event that brought this status.
  since bigint NOT NULL,
  -- What the fold of the next event needs.
  version int NOT NULL,
  attempt int NOT NULL,
  max_attempts int NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- The jobs whose status has not changed since a moment, newest first: as the indexes of jobs.
CREATE INDEX past_jobs_newest ON past_jobs (first_sequence);
CREATE INDEX past_jobs_newest_of_type ON past_jobs (type, first_sequence);
CREATE INDEX past_jobs_newest_not_completed ON past_jobs (status, first_sequence, type) WHERE status <> 'completed';
CREATE INDEX past_jobs_newest_of_tenant ON past_jobs (tenant, first_sequence) WHERE tenant IS NOT NULL;
CREATE INDEX past_jobs_tags ON past_jobs USING gin (tags) WHERE tags <> '{}';

-- One row per change of a status, written once. `left_status` held from `since` until `sequence`; NULL for a new job.
CREATE TABLE past_changes (
  sequence bigint PRIMARY KEY,
  -- When the server stored the event; never before that of an earlier sequence.
  at timestamptz NOT NULL,
  job_id uuid NOT NULL,
  first_sequence bigint NOT NULL,
  type text NOT NULL,
  tenant text,
  tags text[] NOT NULL,
  status text NOT NULL,
  left_status text,
  since bigint
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

-- The last change until a time.
CREATE INDEX past_changes_at ON past_changes (at, sequence);

-- The statuses that held at a sequence, and have changed since.
CREATE INDEX past_changes_held ON past_changes USING gist (int8range(since, sequence)) WHERE since IS NOT NULL;

-- By how much the numbers of jobs changed in each 16,384 sequences; chunk -1 has what was before the first that is kept.
CREATE TABLE past_counts (
  chunk bigint NOT NULL,
  -- Empty for none.
  tenant text NOT NULL,
  type text NOT NULL,
  status text NOT NULL,
  delta bigint NOT NULL,
  PRIMARY KEY (chunk, tenant, type, status)
);

-- How far the log was followed, and how far back the answers reach. Empty until the follower has begun.
CREATE TABLE past_checkpoint (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  last_sequence bigint NOT NULL,
  last_at timestamptz NOT NULL,
  earliest_sequence bigint NOT NULL,
  earliest_at timestamptz NOT NULL
) WITH (fillfactor = 50);
