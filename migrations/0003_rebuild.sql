-- Rebuilding the tables of a projection while they are in use: docs/read-model.md.

-- Raised whenever the rows were changed by anyone but the projector: it then reads everything afresh.
ALTER TABLE projection_checkpoints ADD COLUMN generation int NOT NULL DEFAULT 1;

-- The rebuild or rollback that is under way, one a projection; its tables are in the schema jobstream_next.
CREATE TABLE projection_rebuilds (
  name text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('rebuild', 'rollback')),
  started_at timestamptz NOT NULL DEFAULT now(),
  cancelled boolean NOT NULL DEFAULT false
);
