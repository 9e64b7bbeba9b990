-- Events of a newer release are put aside with their job marked, and folded once this release can read them: docs/read-model.md.

-- How many there are; NULL for none.
ALTER TABLE jobs ADD COLUMN unreadable_events int;

-- The jobs that wait for a newer release, for metrics.
CREATE INDEX jobs_unreadable ON jobs (id) WHERE unreadable_events IS NOT NULL;

-- The job of an event of a newer release; NULL for a message that is no event.
ALTER TABLE quarantined_messages ADD COLUMN job_id uuid;

-- The events that a newer release folds when it starts.
CREATE INDEX quarantined_events ON quarantined_messages (job_id, sequence) WHERE job_id IS NOT NULL;
