-- How many steps of the job were recorded, and how often another payload has dropped them; NULL for none.
ALTER TABLE jobs ADD COLUMN steps_recorded int, ADD COLUMN generation int;

-- GET /api/jobs/{id}/steps: the steps of jobs, each as it was recorded last.
CREATE TABLE job_steps (
  job_id uuid NOT NULL,
  name text COLLATE "C" NOT NULL,
  -- Empty for none.
  key text COLLATE "C" NOT NULL,
  attempt int NOT NULL,
  ended_at timestamptz NOT NULL,
  duration_ms double precision NOT NULL,
  -- SQL NULL means absent, as in jobs.
  result jsonb,
  error jsonb,
  PRIMARY KEY (job_id, name, key)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
