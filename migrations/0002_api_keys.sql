-- Who may use the API. The only table that is not built from the event log: secrets, even hashed, have no place in a log
-- that nobody can erase. Dropping it locks everybody out, so it belongs into backups.

CREATE TABLE api_keys (
  id text PRIMARY KEY,
  name text NOT NULL,
  scopes text[] NOT NULL,
  -- What the key may see and touch is limited to the jobs and schedules of this tenant; without one, it is not limited.
  tenant text,
  -- SHA-256. A slow hash protects what people think up; a secret of 256 random bits cannot be guessed at any speed.
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  -- To the minute.
  last_used_at timestamptz,
  CONSTRAINT api_keys_scopes_known CHECK (
    scopes <> '{}' AND scopes <@ ARRAY['jobs:read', 'jobs:write', 'schedules:write', 'admin']
  )
);
