-- What handlers have done once, written in the transactions of their effects.
CREATE TABLE jobstream.done_once (
  key text PRIMARY KEY, -- the id of a job, and of a step in it
  result jsonb,
  done_at timestamptz NOT NULL DEFAULT now()
);

-- Whether the caller is the first, who has to do it in this transaction; else what the first has returned. Waits for another
-- transaction that is doing it.
CREATE FUNCTION jobstream.begin_once(once_key text, OUT is_first boolean, OUT result jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO jobstream.done_once (key) VALUES (once_key) ON CONFLICT DO NOTHING;
  is_first := FOUND;
  SELECT done.result INTO result FROM jobstream.done_once AS done WHERE done.key = once_key;
END $$;

CREATE FUNCTION jobstream.finish_once(once_key text, returned jsonb) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE jobstream.done_once SET result = returned WHERE key = once_key AND returned IS NOT NULL
$$;

-- Forgets what was done longer ago than that, and returns how much it was: no attempt of these jobs may be left.
CREATE FUNCTION jobstream.prune_once(older_than interval) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH pruned AS (DELETE FROM jobstream.done_once WHERE done_at < now() - older_than RETURNING key) SELECT count(*) FROM pruned
$$;
