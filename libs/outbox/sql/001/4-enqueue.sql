-- The functions that applications call run with the rights of their owner, so that a caller needs none on the tables. Their
-- search_path is fixed, with the temporary schema last: else a caller could put operators and tables of its own in between.

-- Enqueues a job when the caller's transaction commits, and returns its id: POST /api/jobs in SQL. `options` are the fields
-- of its body besides type and payload, and idempotencyKey.
CREATE FUNCTION jobstream.enqueue(type text, payload jsonb DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on AS $$
DECLARE
  chosen jsonb := coalesce(options, '{}');
  -- A session cannot change its session_user, unlike its current_user and its settings.
  whose text := (SELECT one.tenant FROM jobstream.tenants AS one WHERE one.role = session_user);
  digest bytea;
  job jobstream.outbox_0;
BEGIN
  PERFORM jobstream.check_job(type, payload, chosen);
  IF chosen ? 'idempotencyKey' THEN digest := jobstream.key_digest(chosen ->> 'idempotencyKey', whose); END IF;
  job := (coalesce(jobstream.job_id_of(digest), jobstream.new_job_id()), clock_timestamp(), type, payload,
    nullif(chosen - 'idempotencyKey', '{}'), digest, whose);
  CASE (SELECT last_value FROM jobstream.outbox_active)
    WHEN 0 THEN INSERT INTO jobstream.outbox_0 VALUES (job.*);
    WHEN 1 THEN INSERT INTO jobstream.outbox_1 VALUES (job.*);
    WHEN 2 THEN INSERT INTO jobstream.outbox_2 VALUES (job.*);
    ELSE INSERT INTO jobstream.outbox_3 VALUES (job.*);
  END CASE;
  RETURN job.id;
END $$;

-- Enqueues many jobs, each an object with type, payload and options side by side, and returns their ids in the same order.
CREATE FUNCTION jobstream.enqueue_many(jobs jsonb)
RETURNS SETOF uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on AS $$
DECLARE
  job jsonb;
  place bigint;
BEGIN
  IF jsonb_typeof(jobs) IS DISTINCT FROM 'array' THEN PERFORM jobstream.refuse('jobs', 'must be an array'); END IF;
  FOR job, place IN SELECT value, ordinality - 1 FROM jsonb_array_elements(jobs) WITH ORDINALITY LOOP
    IF jsonb_typeof(job) <> 'object' OR jsonb_typeof(job -> 'type') IS DISTINCT FROM 'string' THEN
      PERFORM jobstream.refuse(format('jobs[%s]', place), 'must be an object with a type');
    END IF;
    RETURN NEXT jobstream.enqueue(job ->> 'type', job -> 'payload', job - '{type,payload}'::text[]);
  END LOOP;
END $$;
