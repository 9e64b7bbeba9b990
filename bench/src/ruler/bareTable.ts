/** The fewest columns and indexes that a table of jobs can do with, and where its writer stands. */
export const BARE_TABLE = `
  CREATE TABLE bare_jobs (
    id uuid PRIMARY KEY, type text NOT NULL, status text NOT NULL, payload jsonb, result jsonb, attempts int NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL
  );
  CREATE INDEX ON bare_jobs (status, type, id);
  CREATE INDEX ON bare_jobs (created_at DESC);
  CREATE TABLE bare_position (sequence bigint NOT NULL);
  INSERT INTO bare_position VALUES (0)`;
