-- Signals of jobs: how many of each name no step has read, and by which names a job that waits is called; NULL for none.
ALTER TABLE jobs ADD COLUMN unread jsonb, ADD COLUMN awaits jsonb;

-- Steps that wait for a signal: the one that was read, and the end of a time limit that still runs.
ALTER TABLE job_steps ADD COLUMN signal_id text, ADD COLUMN signal_name text, ADD COLUMN waits_until timestamptz;

-- Without it the follower of past states takes a record of steps that have read signals for one that is not legal, and ignores it.
ALTER TABLE past_jobs ADD COLUMN unread jsonb;
