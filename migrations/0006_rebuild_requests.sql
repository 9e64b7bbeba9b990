-- Rebuilds that are asked for over HTTP: the API writes them, a projector runs them. One row a projection, the last one.

CREATE TABLE rebuild_requests (
  name text PRIMARY KEY,
  id uuid NOT NULL,
  status text NOT NULL DEFAULT 'requested',
  force boolean NOT NULL,
  "except" text[] NOT NULL,
  cancel_requested boolean NOT NULL DEFAULT false,
  -- The process that works on it; it says so by `updated_at`.
  runner text,
  progress jsonb,
  result jsonb,
  requested_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CONSTRAINT rebuild_requests_status_known CHECK (
    status IN ('requested', 'running', 'completed', 'differs', 'failed', 'cancelled')
  )
);
