/** The fewest columns and indexes that a table of jobs can do with, and where its writer stands. */
export const BASELINE_TABLE = `
  CREATE TABLE baseline_jobs (
    id uuid PRIMARY KEY, type text NOT NULL, status text NOT NULL, payload jsonb, result jsonb, attempts int NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL
  );
  CREATE INDEX ON baseline_jobs (status, type, id);
  CREATE INDEX ON baseline_jobs (created_at DESC);
  CREATE TABLE baseline_position (sequence bigint NOT NULL);
  INSERT INTO baseline_position VALUES (0)`;
