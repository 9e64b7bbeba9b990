-- Jobs that wait within an attempt. How many milliseconds the attempt had run before its last wait; NULL before the first.
ALTER TABLE jobs ADD COLUMN ran_ms double precision;

-- The rows that there are, the next migration checks.
ALTER TABLE jobs DROP CONSTRAINT jobs_status_known;
ALTER TABLE jobs ADD CONSTRAINT jobs_status_known CHECK (
  status IN ('scheduled', 'pending', 'processing', 'waiting', 'retrying', 'completed', 'failed', 'cancelled')
) NOT VALID;
