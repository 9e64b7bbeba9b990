-- The read model: answers questions about jobs. Everything here can be dropped and is rebuilt from the event log.

CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  type text NOT NULL,
  status text NOT NULL,
  -- In the jsonb and text columns a character that Postgres cannot store (U+0000, half a surrogate pair) is written as
  -- U+FDD0 and its four hexadecimal digits. SQL NULL means absent; a JSON null is a jsonb null.
  payload jsonb NOT NULL,
  result jsonb,
  error jsonb,
  progress jsonb,
  attempt int NOT NULL,
  max_attempts int NOT NULL,
  backoff jsonb NOT NULL,
  timeout_ms int NOT NULL,
  run_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz,
  worker text,
  started_by text,
  tags text[] NOT NULL,
  idempotency_key text,
  fingerprint text,
  version int NOT NULL,
  last_sequence bigint NOT NULL,
  CONSTRAINT jobs_status_known CHECK (
    status IN ('scheduled', 'pending', 'processing', 'retrying', 'completed', 'failed', 'cancelled')
  )
) WITH (
  -- A job is inserted once and updated a few times soon after: the room left in a page takes its next versions.
  fillfactor = 80,
  -- The defaults wait until a fifth of the table is dead, which at millions of rows is far too late.
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.02
);

-- GET /api/jobs, also within createdAfter and createdBefore, and with status=completed, which most rows are.
CREATE INDEX jobs_newest ON jobs (created_at DESC, id DESC);

-- GET /api/jobs?type=…
CREATE INDEX jobs_newest_of_type ON jobs (type, created_at DESC, id DESC);

-- GET /api/jobs?status=… for the statuses that are rare in a table where nearly all jobs are done; with type=… as well,
-- which is then checked inside the index. A completed job leaves the index, so it stays small however old the table is.
CREATE INDEX jobs_newest_not_completed ON jobs (status, created_at DESC, id DESC, type) WHERE status <> 'completed';

-- GET /api/jobs?tag=… for tags on few jobs, sorted afterwards; a tag that is everywhere is found by jobs_newest.
-- Jobs without tags cost nothing here.
CREATE INDEX jobs_tags ON jobs USING gin (tags) WHERE tags <> '{}';

-- How far each projection has read the log; moved in the same transaction as the rows.
CREATE TABLE projection_checkpoints (
  name text PRIMARY KEY,
  last_sequence bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- GET /api/stats: counted in the same transaction as the rows, because count(*) on a large table takes seconds.
CREATE TABLE job_counts (
  type text NOT NULL,
  status text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (type, status)
) WITH (fillfactor = 50);

-- Messages of the log that could not be projected, for a person to look at.
CREATE TABLE quarantined_messages (
  sequence bigint PRIMARY KEY,
  subject text,
  reason text NOT NULL,
  body bytea NOT NULL,
  recorded_at timestamptz,
  quarantined_at timestamptz NOT NULL DEFAULT now()
);
