-- Truncates table `number` if it is drained and no open transaction has written to it. Does not wait for a lock, since every
-- enqueuer would wait behind it. Refuses where a transaction keeps the snapshot that it began with, which does not show the
-- jobs that were committed just before the lock was taken.
CREATE OR REPLACE FUNCTION jobstream.truncate_if_drained(number integer)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  drained boolean;
BEGIN
  IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
    RAISE EXCEPTION 'jobstream: rotate needs the isolation level READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  EXECUTE format('LOCK TABLE jobstream.%I IN ACCESS EXCLUSIVE MODE NOWAIT', 'outbox_' || number);
  EXECUTE format('SELECT NOT EXISTS (SELECT FROM jobstream.%I)', 'outbox_' || number) INTO drained;
  IF drained THEN EXECUTE format('TRUNCATE jobstream.%I', 'outbox_' || number); END IF;
EXCEPTION WHEN lock_not_available THEN
  RETURN;
END $$;
