-- Whether the payload has something at a path such as payload.user.id. Of arrays, as of all but objects, it has nothing.
CREATE FUNCTION jobstream.has_path(payload jsonb, path text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY (string_to_array(path, '.'))[2:] LOOP
    payload := payload -> name;
    IF payload IS NULL THEN RETURN false; END IF;
  END LOOP;
  RETURN true;
END $$;

CREATE FUNCTION jobstream.check_unique_by(value jsonb, payload jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  path jsonb;
BEGIN
  IF jsonb_typeof(value) IS DISTINCT FROM 'array' THEN PERFORM jobstream.refuse('unique.by', 'must be an array'); END IF;
  IF jsonb_array_length(value) NOT BETWEEN 1 AND 16 THEN PERFORM jobstream.refuse('unique.by', 'must have 1 to 16 paths'); END IF;
  FOR path IN SELECT jsonb_array_elements(value) LOOP
    IF jsonb_typeof(path) <> 'string' OR (path #>> '{}') !~ '^(?:tenant|type|payload(?:\.[^.]+)*)$'
      OR jobstream.utf16_length(path #>> '{}') > 256
    THEN
      PERFORM jobstream.refuse('unique.by',
        'must be "tenant", "type", "payload", or paths into the payload such as "payload.userId", of at most 256 characters');
    END IF;
    IF NOT jobstream.has_path(payload, path #>> '{}') THEN
      PERFORM jobstream.refuse('unique.by', format('must name what the payload has, unlike %s', path));
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION jobstream.check_unique(value jsonb, payload jsonb, delay jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  unknown text;
BEGIN
  IF value IS NULL THEN RETURN; END IF;
  IF jsonb_typeof(value) <> 'object' THEN PERFORM jobstream.refuse('unique', 'must be an object'); END IF;
  unknown := jobstream.unknown_field(value, '{by,while,forMs,onConflict}');
  IF unknown IS NOT NULL THEN PERFORM jobstream.refuse('unique.' || unknown, 'is not known here'); END IF;
  PERFORM jobstream.check_unique_by(value -> 'by', payload);
  PERFORM jobstream.check_number('unique.forMs', value -> 'forMs', 1000, 2592000000, true);
  IF value -> 'onConflict' NOT IN ('"keep"', '"replace"', '"debounce"') THEN
    PERFORM jobstream.refuse('unique.onConflict', 'must be "keep", "replace" or "debounce"');
  END IF;
  IF value -> 'onConflict' = '"debounce"' AND delay IS NULL THEN
    PERFORM jobstream.refuse('unique.onConflict', 'debounce needs delayMs');
  END IF;
  IF NOT value ? 'while' THEN RETURN; END IF;
  IF value -> 'while' NOT IN ('"waiting"', '"unfinished"') THEN
    PERFORM jobstream.refuse('unique.while', 'must be "waiting" or "unfinished"');
  END IF;
  IF value ? 'forMs' THEN PERFORM jobstream.refuse('unique.forMs', 'must not be given together with while'); END IF;
END $$;

-- As before, and with what a job is unique by.
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
    '{runAt,delayMs,maxAttempts,backoff,timeoutMs,tags,unique,idempotencyKey}');
  IF unknown IS NOT NULL THEN PERFORM jobstream.refuse(unknown, 'is not known here'); END IF;
  PERFORM jobstream.check_due_time(options -> 'runAt', options -> 'delayMs');
  PERFORM jobstream.check_number('maxAttempts', options -> 'maxAttempts', 1, 1000, true);
  PERFORM jobstream.check_number('timeoutMs', options -> 'timeoutMs', 1, 604800000, true);
  PERFORM jobstream.check_backoff(options -> 'backoff');
  PERFORM jobstream.check_tags(options -> 'tags');
  PERFORM jobstream.check_unique(options -> 'unique', payload, options -> 'delayMs');
  PERFORM jobstream.check_key(options -> 'idempotencyKey');
END $$;
