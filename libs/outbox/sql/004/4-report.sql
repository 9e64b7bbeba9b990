-- The jobs in table `number`, and when the oldest was enqueued: counted up to 100,000, and beyond estimated by the rows on a
-- thousand pages taken at random.
CREATE FUNCTION jobstream.count_jobs(number integer, OUT jobs bigint, OUT oldest timestamptz, OUT is_estimate boolean)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pages bigint := pg_relation_size(('jobstream.' || jobstream.table_of(number))::regclass) / current_setting('block_size')::bigint;
  share float8 := least(1, 1000.0 / greatest(pages, 1));
  sampled bigint;
BEGIN
  EXECUTE format('SELECT count(*), min(enqueued_at) FROM (SELECT enqueued_at FROM jobstream.%I LIMIT 100001) AS found',
    jobstream.table_of(number)) INTO jobs, oldest;
  is_estimate := jobs > 100000;
  IF is_estimate THEN
    EXECUTE format('SELECT count(*), least(min(enqueued_at), $2) FROM jobstream.%I TABLESAMPLE SYSTEM ($1)',
      jobstream.table_of(number)) INTO sampled, oldest USING share * 100, oldest;
    jobs := greatest(jobs, (sampled / share)::bigint);
  END IF;
END $$;

-- The numbers of the metrics. One transaction of a database counts at a time, since that may take seconds: another one gets no row,
-- or waits.
CREATE FUNCTION jobstream.outbox_report(waits boolean DEFAULT false)
RETURNS TABLE (waiting bigint, oldest timestamptz, deferred bigint, rejected bigint, bytes bigint, is_estimate boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  one_at_a_time CONSTANT bigint := hashtextextended('jobstream outbox report', 0);
BEGIN
  IF waits THEN
    PERFORM pg_advisory_xact_lock(one_at_a_time);
  ELSIF NOT pg_try_advisory_xact_lock(one_at_a_time) THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT sum(waiting.jobs)::bigint, min(waiting.oldest), min(deferred.jobs), min(rejected.jobs),
    sum(pg_table_size(('jobstream.outbox_' || one)::regclass))::bigint, bool_or(waiting.is_estimate)
  FROM generate_series(0, 3) AS one, LATERAL jobstream.count_jobs(one) AS waiting,
    (SELECT count(*) AS jobs FROM (SELECT FROM jobstream.outbox_deferred LIMIT 100000) AS found) AS deferred,
    (SELECT count(*) AS jobs FROM (SELECT FROM jobstream.outbox_rejected LIMIT 100000) AS found) AS rejected;
END $$;

-- The same for relays and commands of earlier releases, to which a deferred job is one that waits. They need a row, and wait for it.
CREATE OR REPLACE FUNCTION jobstream.outbox_status()
RETURNS TABLE (waiting bigint, oldest timestamptz, rejected bigint, bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT waiting + deferred, oldest, rejected, bytes FROM jobstream.outbox_report(waits => true)
$$;
