-- Whose jobs they are, where several share a system: docs/authentication.md. Systems without tenants pay next to nothing.

ALTER TABLE jobs ADD COLUMN tenant text;

-- The lists that the indexes of all jobs serve, for callers who see those of one tenant alone.
CREATE INDEX jobs_newest_of_tenant ON jobs (tenant, created_at DESC, id DESC) WHERE tenant IS NOT NULL;
CREATE INDEX jobs_newest_of_tenant_and_type ON jobs (tenant, type, created_at DESC, id DESC) WHERE tenant IS NOT NULL;
CREATE INDEX jobs_newest_of_tenant_not_completed ON jobs (tenant, status, created_at DESC, id DESC, type)
  WHERE tenant IS NOT NULL AND status <> 'completed';

-- The empty text stands for no tenant: a primary key takes no NULL.
ALTER TABLE job_counts ADD COLUMN tenant text NOT NULL DEFAULT '';
ALTER TABLE job_counts DROP CONSTRAINT job_counts_pkey;
ALTER TABLE job_counts ADD CONSTRAINT job_counts_pkey PRIMARY KEY (tenant, type, status);
