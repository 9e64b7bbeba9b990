-- Comparisons of the tables with the log: those that are asked for over HTTP, which the API writes and a projector runs, and
-- those of `npm run verify`. The last hundred are kept.

CREATE TABLE verifications (
  id uuid PRIMARY KEY,
  status text NOT NULL DEFAULT 'requested',
  -- Who asked for it; null for the command line.
  requested_by jsonb,
  -- The process that works on it; it says so by `updated_at`.
  runner text,
  progress jsonb,
  result jsonb,
  requested_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CONSTRAINT verifications_status_known CHECK (
    status IN ('requested', 'running', 'equal', 'differs', 'lags', 'failed')
  )
);

-- One at a time.
CREATE UNIQUE INDEX verifications_unfinished ON verifications ((true)) WHERE finished_at IS NULL;
CREATE INDEX verifications_newest ON verifications (finished_at DESC);
