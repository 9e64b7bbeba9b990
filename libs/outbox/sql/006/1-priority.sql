CREATE FUNCTION jobstream.check_priority(value jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF value IS NOT NULL AND value NOT IN ('"high"', '"normal"', '"low"') THEN
    PERFORM jobstream.refuse('priority', 'must be "high", "normal" or "low"');
  END IF;
END $$;

-- As before, and with the priority.
CREATE OR REPLACE FUNCTION jobstream.check_job(type text, payload jsonb, options jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  unknown text;
BEGIN
  IF type IS NULL OR type COLLATE "C" !~ '^[a-z][a-z0-9-]{0,62}$' THEN
    PERFORM jobstream.refuse('type',
      'must be a job type: 1 to 63 lower-case letters, digits and dashes, starting with a letter');
  END IF;
  PERFORM jobstream.check_payload(payload);
  IF options = '{}' THEN RETURN; END IF;
  IF jsonb_typeof(options) <> 'object' THEN PERFORM jobstream.refuse('options', 'must be an object'); END IF;
  unknown := jobstream.unknown_field(options,
    '{runAt,delayMs,maxAttempts,backoff,timeoutMs,tags,priority,unique,idempotencyKey}');
  IF unknown IS NOT NULL THEN PERFORM jobstream.refuse(unknown, 'is not known here'); END IF;
  PERFORM jobstream.check_due_time(options -> 'runAt', options -> 'delayMs');
  PERFORM jobstream.check_number('maxAttempts', options -> 'maxAttempts', 1, 1000, true);
  PERFORM jobstream.check_number('timeoutMs', options -> 'timeoutMs', 1, 604800000, true);
  PERFORM jobstream.check_backoff(options -> 'backoff');
  PERFORM jobstream.check_tags(options -> 'tags');
  PERFORM jobstream.check_priority(options -> 'priority');
  PERFORM jobstream.check_unique(options -> 'unique', payload, options -> 'delayMs');
  PERFORM jobstream.check_key(options -> 'idempotencyKey');
END $$;
