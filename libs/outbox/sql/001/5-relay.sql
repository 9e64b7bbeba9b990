-- What the relay calls, so that its role needs no rights on the tables either.

-- Claims up to `most` jobs of table `number`, from the place `after` on. They are gone when the caller commits, and back when
-- it does not; other relays pass them by.
CREATE FUNCTION jobstream.claim(number integer, after tid, most integer)
RETURNS TABLE (place tid, id uuid, enqueued_at timestamptz, type text, payload text, options text, key_digest text, tenant text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY EXECUTE format('DELETE FROM jobstream.%I AS job
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM jobstream.%1$I WHERE ctid >= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING ctid, id, enqueued_at, type, payload::text, options::text, encode(key_digest, ''hex''), tenant',
    'outbox_' || number) USING after, most;
END $$;

-- Keeps a claimed job that cannot be relayed, with the reason.
CREATE FUNCTION jobstream.reject(id uuid, enqueued_at timestamptz, type text, payload jsonb, options jsonb, key_digest text,
  tenant text, reason text)
RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO jobstream.outbox_rejected (id, enqueued_at, type, payload, options, key_digest, tenant, reason)
  VALUES (id, enqueued_at, type, payload, options, decode(key_digest, 'hex'), tenant, reason)
$$;

-- Truncates table `number` if it is drained and no open transaction has written to it. Does not wait for a lock, since every
-- enqueuer would wait behind it.
CREATE FUNCTION jobstream.truncate_if_drained(number integer)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  drained boolean;
BEGIN
  EXECUTE format('LOCK TABLE jobstream.%I IN ACCESS EXCLUSIVE MODE NOWAIT', 'outbox_' || number);
  EXECUTE format('SELECT NOT EXISTS (SELECT FROM jobstream.%I)', 'outbox_' || number) INTO drained;
  IF drained THEN EXECUTE format('TRUNCATE jobstream.%I', 'outbox_' || number); END IF;
EXCEPTION WHEN lock_not_available THEN
  RETURN;
END $$;

-- Truncates drained tables, and lets an empty one take new jobs when the active one has grown beyond `most_bytes`. Returns
-- the tables in which jobs may be, with their sizes, and which of them is the active one.
CREATE FUNCTION jobstream.rotate(most_bytes bigint)
RETURNS TABLE (number integer, bytes bigint, active boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  current integer := (SELECT last_value FROM jobstream.outbox_active);
  next integer;
BEGIN
  FOR other IN 0..3 LOOP
    IF other <> current AND pg_relation_size(('jobstream.outbox_' || other)::regclass) > 0 THEN
      PERFORM jobstream.truncate_if_drained(other);
    END IF;
  END LOOP;
  IF pg_table_size(('jobstream.outbox_' || current)::regclass) > most_bytes THEN
    next := (SELECT one FROM generate_series(0, 3) AS one WHERE pg_relation_size(('jobstream.outbox_' || one)::regclass) = 0
      ORDER BY (one - current + 4) % 4 LIMIT 1);
    IF next IS NOT NULL THEN PERFORM setval('jobstream.outbox_active', next); END IF;
  END IF;
  RETURN QUERY SELECT one, pg_table_size(('jobstream.outbox_' || one)::regclass), one = coalesce(next, current)
    FROM generate_series(0, 3) AS one
    WHERE one = coalesce(next, current) OR pg_relation_size(('jobstream.outbox_' || one)::regclass) > 0;
END $$;

-- The numbers of the metrics.
CREATE FUNCTION jobstream.outbox_status()
RETURNS TABLE (waiting bigint, oldest timestamptz, rejected bigint, bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*), min(enqueued_at), (SELECT count(*) FROM jobstream.outbox_rejected),
    (SELECT sum(pg_table_size(('jobstream.outbox_' || one)::regclass))::bigint FROM generate_series(0, 3) AS one)
  FROM (SELECT enqueued_at FROM jobstream.outbox_0 UNION ALL SELECT enqueued_at FROM jobstream.outbox_1
    UNION ALL SELECT enqueued_at FROM jobstream.outbox_2 UNION ALL SELECT enqueued_at FROM jobstream.outbox_3) AS jobs
$$;
