-- GET /api/jobs?search=…: values of payloads and results by named paths, for the job types that name some: docs/api.md.

-- Written by the projector from its setting SEARCH_PATHS; read by the API, and by what builds second tables.
CREATE TABLE search_paths (
  type text NOT NULL,
  path text NOT NULL,
  PRIMARY KEY (type, path)
);

-- A row for each named path at which a job has a text, a number or a boolean. Written once: with the job, or its result.
CREATE TABLE job_search (
  job_id uuid NOT NULL,
  path text NOT NULL,
  job_type text NOT NULL,
  -- As text; a character that Postgres cannot store is written as in jobs.
  value text COLLATE "C" NOT NULL,
  job_created_at timestamptz NOT NULL,
  PRIMARY KEY (job_id, path)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

-- The jobs with a value at a path, newest first.
CREATE INDEX job_search_values ON job_search (job_type, path, value, job_created_at DESC, job_id DESC);
