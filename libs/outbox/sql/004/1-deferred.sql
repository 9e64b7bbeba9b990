-- What fails for its own sake, and is tried again later and later, so that it keeps no table from being drained.
CREATE TABLE jobstream.outbox_deferred (LIKE jobstream.outbox_0);
ALTER TABLE jobstream.outbox_deferred ADD COLUMN attempts integer NOT NULL;
ALTER TABLE jobstream.outbox_deferred ADD COLUMN reason text NOT NULL; -- of the last attempt
ALTER TABLE jobstream.outbox_deferred ADD COLUMN next_try_at timestamptz NOT NULL;
CREATE INDEX outbox_deferred_next_try_at ON jobstream.outbox_deferred (next_try_at);

-- The table with this number: 0 to 3, or 4 for that of the deferred jobs.
CREATE FUNCTION jobstream.table_of(number integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT ('{outbox_0,outbox_1,outbox_2,outbox_3,outbox_deferred}'::text[])[number + 1]
$$;

-- How long a job is left alone that has failed so often: a second at first, and twice as long each time, up to ten minutes.
CREATE FUNCTION jobstream.pause_after(attempts integer) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
  SELECT least(interval '10 minutes', interval '1 second' * 2 ^ least(attempts - 1, 10))
$$;
