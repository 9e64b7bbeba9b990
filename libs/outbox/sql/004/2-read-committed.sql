-- A transaction of another level keeps the snapshot that it began with, which does not show what was committed since.
CREATE FUNCTION jobstream.need_read_committed(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'jobstream: % needs the isolation level READ COMMITTED', what USING ERRCODE = 'invalid_transaction_state';
  END IF;
END $$;

-- As before, for relays of earlier releases, and in READ COMMITTED alone.
CREATE OR REPLACE FUNCTION jobstream.claim(number integer, after tid, most integer)
RETURNS TABLE (place tid, id uuid, enqueued_at timestamptz, type text, payload text, options text, key_digest text, tenant text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM jobstream.need_read_committed('claim');
  RETURN QUERY EXECUTE format('DELETE FROM jobstream.%I AS job
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM jobstream.%1$I WHERE ctid >= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING ctid, id, enqueued_at, type, payload::text, options::text, encode(key_digest, ''hex''), tenant',
    'outbox_' || number) USING after, most;
END $$;

-- Truncates table `number` if it is drained, takes no new jobs, and no open transaction has written to it. Does not wait for a
-- lock, since every enqueuer would wait behind it, and keeps none on a table that is not truncated.
CREATE OR REPLACE FUNCTION jobstream.truncate_if_drained(number integer)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_drained boolean;
BEGIN
  PERFORM jobstream.need_read_committed('truncate_if_drained');
  EXECUTE format('LOCK TABLE jobstream.%I IN ACCESS EXCLUSIVE MODE NOWAIT', 'outbox_' || number);
  EXECUTE format('SELECT NOT EXISTS (SELECT FROM jobstream.%I)', 'outbox_' || number) INTO is_drained;
  IF NOT is_drained OR number = (SELECT last_value FROM jobstream.outbox_active) THEN
    RAISE lock_not_available; -- undoes what this block has done, the lock
  END IF;
  EXECUTE format('TRUNCATE jobstream.%I', 'outbox_' || number);
EXCEPTION WHEN lock_not_available THEN
  RETURN;
END $$;

-- Lets an empty table take new jobs when the active one has grown beyond `most_bytes`, and then truncates drained tables: in
-- this order, since a table that was just truncated is locked until the transaction ends. Returns the tables in which jobs may
-- be, with their sizes, and which of them is the active one.
CREATE OR REPLACE FUNCTION jobstream.rotate(most_bytes bigint)
RETURNS TABLE (number integer, bytes bigint, active boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  current integer := (SELECT last_value FROM jobstream.outbox_active);
  next integer;
BEGIN
  PERFORM jobstream.need_read_committed('rotate');
  IF pg_table_size(('jobstream.outbox_' || current)::regclass) > most_bytes THEN
    next := (SELECT one FROM generate_series(0, 3) AS one WHERE pg_relation_size(('jobstream.outbox_' || one)::regclass) = 0
      ORDER BY (one - current + 4) % 4 LIMIT 1);
    IF next IS NOT NULL THEN PERFORM setval('jobstream.outbox_active', next); END IF;
  END IF;
  FOR other IN 0..3 LOOP
    IF other <> coalesce(next, current) AND pg_relation_size(('jobstream.outbox_' || other)::regclass) > 0 THEN
      PERFORM jobstream.truncate_if_drained(other);
    END IF;
  END LOOP;
  RETURN QUERY SELECT one, pg_table_size(('jobstream.outbox_' || one)::regclass), one = coalesce(next, current)
    FROM generate_series(0, 3) AS one
    WHERE one = coalesce(next, current) OR pg_relation_size(('jobstream.outbox_' || one)::regclass) > 0;
END $$;
