-- Operations on many jobs, which the API carries out in the background: docs/decisions/0043-operations-and-an-audit-log.md.
-- Not built from the event log: it has what was asked for, the log what became of it.

CREATE TABLE operations (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  status text NOT NULL DEFAULT 'running',
  tenant text,
  -- Who asked for it; its jobs' events name the same one.
  actor jsonb NOT NULL,
  -- Of the body, where the request had an Idempotency-Key.
  fingerprint text,
  reason text,
  filter jsonb NOT NULL,
  -- SQL NULL means none; a JSON null is a patch.
  patch jsonb,
  -- Jobs a second; without one, as fast as the log accepts them.
  rate int,
  total int NOT NULL DEFAULT 0,
  -- Together the position of the last job that was processed.
  done int NOT NULL DEFAULT 0,
  skipped int NOT NULL DEFAULT 0,
  failed int NOT NULL DEFAULT 0,
  -- Why it does not go on although it is running, such as an outage of the log.
  hindrance text,
  -- Counts the processes that have claimed it: the one with the newest number may write.
  fence bigint NOT NULL DEFAULT 0,
  leased_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CONSTRAINT operations_kind_known CHECK (kind IN ('cancel', 'retry', 'replay')),
  CONSTRAINT operations_status_known CHECK (status IN ('running', 'paused', 'completed', 'cancelled'))
) WITH (fillfactor = 50);

CREATE INDEX operations_newest ON operations (created_at DESC, id DESC);
CREATE INDEX operations_unfinished ON operations (created_at) WHERE status IN ('running', 'paused');

-- The jobs of each, as they were when it was accepted, in the order in which they are processed.
CREATE TABLE operation_jobs (
  operation_id uuid NOT NULL REFERENCES operations ON DELETE CASCADE,
  position int NOT NULL,
  job_id uuid NOT NULL,
  job_type text NOT NULL,
  job_version int NOT NULL,
  -- NULL until it is processed.
  outcome text,
  reason text,
  new_job_id uuid,
  PRIMARY KEY (operation_id, position),
  CONSTRAINT operation_jobs_outcome_known CHECK (outcome IN ('done', 'skipped', 'failed'))
) WITH (fillfactor = 80);
