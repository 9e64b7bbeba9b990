-- Claims up to `most` jobs of table `number`, from the place `after` on, that have up to `most_bytes` as texts, one job at least.
-- They are locked until the caller's transaction ends; other relays pass them by. settle_jobs says what became of them, and a job
-- of which it says nothing stays as it is. The last row has no id: its place is where the next claim goes on, (0,0) at the end.
-- Looks at 32 MB of the table at most, which may be full of dead rows.
CREATE FUNCTION jobstream.claim_jobs(number integer, after tid, most integer, most_bytes bigint)
RETURNS TABLE (place tid, id uuid, enqueued_at timestamptz, type text, payload text, options text, key_digest text, tenant text,
  attempts integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source text := jobstream.table_of(number);
  pages bigint := pg_relation_size(('jobstream.' || source)::regclass) / current_setting('block_size')::bigint;
  -- Beyond the last page of the window.
  window_end bigint := least((after::text::point)[0]::bigint + 4096, 4294967295);
  jobs refcursor;
  last tid;
  next tid;
  claimed integer := 0;
  bytes bigint := 0;
BEGIN
  PERFORM jobstream.need_read_committed('claim_jobs');
  OPEN jobs FOR EXECUTE format('SELECT ctid, id, enqueued_at, type, payload::text, options::text, encode(key_digest, ''hex''), tenant,
    %s FOR UPDATE SKIP LOCKED', CASE source
      WHEN 'outbox_deferred' THEN 'attempts FROM jobstream.outbox_deferred WHERE next_try_at <= now() ORDER BY next_try_at'
      ELSE format('0 FROM jobstream.%I WHERE ctid >= $1 AND ctid < $2', source) END)
    USING after, format('(%s,0)', window_end)::tid;
  WHILE claimed < most LOOP -- one at a time, since a job that is fetched is locked, and may be large
    FETCH jobs INTO place, id, enqueued_at, type, payload, options, key_digest, tenant, attempts;
    IF NOT FOUND THEN
      next := CASE WHEN window_end >= pages THEN '(0,0)' ELSE format('(%s,0)', window_end) END;
      EXIT;
    END IF;
    bytes := bytes + coalesce(octet_length(payload), 0) + coalesce(octet_length(options), 0);
    IF bytes > most_bytes AND claimed > 0 THEN
      next := place;
      EXIT;
    END IF;
    RETURN NEXT;
    claimed := claimed + 1;
    last := place;
  END LOOP;
  CLOSE jobs;
  place := coalesce(next, format('(%s,%s)', (last::text::point)[0]::bigint, (last::text::point)[1]::integer + 1)::tid);
  id := NULL;
  RETURN NEXT;
END $$;

-- Settles jobs that the caller has claimed in this transaction, by their places: those that were relayed leave, and of the others
-- those that are `hopeless` are rejected for these reasons, and the rest is deferred.
CREATE FUNCTION jobstream.settle_jobs(number integer, relayed tid[], failed tid[], reasons text[], hopeless boolean[])
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source text := jobstream.table_of(number);
  attempts text := CASE source WHEN 'outbox_deferred' THEN 'attempts + 1' ELSE '1' END;
  settled bigint;
  moved bigint;
BEGIN
  EXECUTE format('DELETE FROM jobstream.%I WHERE ctid = ANY ($1)', source) USING relayed;
  GET DIAGNOSTICS settled = ROW_COUNT;
  FOR one IN 1..cardinality(failed) LOOP
    EXECUTE format('WITH job AS (DELETE FROM jobstream.%I WHERE ctid = $1 RETURNING *) ', source) || CASE WHEN hopeless[one]
      THEN 'INSERT INTO jobstream.outbox_rejected (id, enqueued_at, type, payload, options, key_digest, tenant, reason)
        SELECT id, enqueued_at, type, payload, options, key_digest, tenant, $2 FROM job'
      ELSE format('INSERT INTO jobstream.outbox_deferred
        SELECT id, enqueued_at, type, payload, options, key_digest, tenant, %s, $2, clock_timestamp() + jobstream.pause_after(%1$s)
        FROM job', attempts) END USING failed[one], reasons[one];
    GET DIAGNOSTICS moved = ROW_COUNT;
    settled := settled + moved;
  END LOOP;
  IF settled <> cardinality(relayed) + cardinality(failed) THEN
    RAISE EXCEPTION 'jobstream: % of % jobs were claimed', settled, cardinality(relayed) + cardinality(failed);
  END IF;
END $$;
