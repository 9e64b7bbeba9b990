-- Who changed what over the API: docs/decisions/0043-operations-and-an-audit-log.md. A record is written before the change,
-- and gets its outcome after it. Not built from the event log; it belongs into backups.

CREATE TABLE audit_log (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  tenant text,
  action text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text,
  reason text,
  request_id text,
  details jsonb,
  -- `unknown` until the change has been answered, and for good if that never happened.
  outcome text NOT NULL DEFAULT 'unknown',
  problem text,
  CONSTRAINT audit_log_outcome_known CHECK (outcome IN ('unknown', 'succeeded', 'refused'))
);

CREATE INDEX audit_log_newest ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_of_actor ON audit_log (actor_id, at DESC, id DESC);
CREATE INDEX audit_log_of_subject ON audit_log (subject_id, at DESC, id DESC) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_log_of_tenant ON audit_log (tenant, at DESC, id DESC) WHERE tenant IS NOT NULL;
