-- Everything that POST /api/jobs checks is checked here, in the caller's transaction: a job that is refused later is lost.
-- The limits are those of the API; a test compares the two.

CREATE FUNCTION jobstream.refuse(field text, expected text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'jobstream: % %', field, expected USING ERRCODE = 'invalid_parameter_value', COLUMN = field;
END $$;

CREATE FUNCTION jobstream.check_number(field text, value jsonb, minimum numeric, maximum numeric, whole boolean)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF value IS NULL THEN RETURN; END IF;
  IF jsonb_typeof(value) = 'number' THEN
    IF value::numeric BETWEEN minimum AND maximum AND (NOT whole OR value::numeric = trunc(value::numeric)) THEN RETURN; END IF;
  END IF;
  PERFORM jobstream.refuse(field, format('must be %s from %s to %s',
    CASE WHEN whole THEN 'an integer' ELSE 'a number' END, minimum, maximum));
END $$;

-- The place of the first field that is not among those known; null if there is none.
CREATE FUNCTION jobstream.unknown_field(value jsonb, known text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT name FROM jsonb_object_keys(value) AS name WHERE name <> ALL (known) LIMIT 1
$$;

CREATE FUNCTION jobstream.check_backoff(value jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  kind text := CASE WHEN jsonb_typeof(value) = 'object' AND jsonb_typeof(value -> 'type') = 'string' THEN value ->> 'type' END;
  unknown text;
BEGIN
  IF value IS NULL THEN RETURN; END IF;
  IF kind IS NULL OR kind NOT IN ('fixed', 'exponential') THEN
    PERFORM jobstream.refuse('backoff', 'must be an object whose type is "fixed" or "exponential"');
  END IF;
  unknown := jobstream.unknown_field(value,
    CASE kind WHEN 'fixed' THEN '{type,delayMs}' ELSE '{type,delayMs,maxDelayMs,jitter}' END::text[]);
  IF unknown IS NOT NULL THEN PERFORM jobstream.refuse('backoff.' || unknown, 'is not known here'); END IF;
  PERFORM jobstream.check_number('backoff.delayMs', value -> 'delayMs', 0, 2592000000, true);
  PERFORM jobstream.check_number('backoff.maxDelayMs', value -> 'maxDelayMs', 0, 2592000000, true);
  PERFORM jobstream.check_number('backoff.jitter', value -> 'jitter', 0, 1, false);
END $$;

-- As JavaScript counts: characters beyond U+FFFF count twice.
CREATE FUNCTION jobstream.utf16_length(value text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT length(value) + length(regexp_replace(value, '[\U00000001-\U0000FFFF]', '', 'g'))
$$;

CREATE FUNCTION jobstream.check_tags(value jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  tag jsonb;
BEGIN
  IF value IS NULL THEN RETURN; END IF;
  IF jsonb_typeof(value) <> 'array' THEN PERFORM jobstream.refuse('tags', 'must be an array'); END IF;
  IF jsonb_array_length(value) > 32 THEN PERFORM jobstream.refuse('tags', 'must have at most 32 tags'); END IF;
  FOR tag IN SELECT jsonb_array_elements(value) LOOP
    IF jsonb_typeof(tag) <> 'string' OR jobstream.utf16_length(tag #>> '{}') NOT BETWEEN 1 AND 128 THEN
      PERFORM jobstream.refuse('tags', 'must be strings of 1 to 128 characters');
    END IF;
  END LOOP;
END $$;

-- The instant of an RFC 3339 time; offsets may be greater than those that timestamptz reads.
CREATE FUNCTION jobstream.instant_of(value jsonb) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
  parts text[] := CASE jsonb_typeof(value) WHEN 'string' THEN regexp_match(value #>> '{}',
    '^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d{1,9})?)(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$') END;
  year integer := parts[1];
  month integer := parts[2];
  day integer := parts[3];
  ahead interval := make_interval(hours => coalesce(parts[8]::integer, 0), mins => coalesce(parts[9]::integer, 0));
BEGIN
  IF parts IS NULL THEN
    PERFORM jobstream.refuse('runAt', 'must be an RFC 3339 time with an offset, such as 2026-01-31T09:30:00Z');
  END IF;
  IF month NOT BETWEEN 1 AND 12 OR day < 1 OR year < 1 THEN PERFORM jobstream.refuse('runAt', 'must be an existing date'); END IF;
  IF day > extract(day FROM make_date(year, month, 1) + interval '1 month' - interval '1 day') THEN
    PERFORM jobstream.refuse('runAt', 'must be an existing date');
  END IF;
  RETURN (make_timestamp(year, month, day, parts[4]::integer, parts[5]::integer, trunc(parts[6]::numeric, 3)::float8)
    - CASE parts[7] WHEN '-' THEN -ahead ELSE ahead END) AT TIME ZONE 'UTC';
END $$;

CREATE FUNCTION jobstream.check_due_time(run_at jsonb, delay_ms jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  due timestamptz;
BEGIN
  PERFORM jobstream.check_number('delayMs', delay_ms, 0, 31622400000, true);
  IF run_at IS NULL THEN RETURN; END IF;
  due := jobstream.instant_of(run_at);
  IF delay_ms IS NOT NULL THEN PERFORM jobstream.refuse('delayMs', 'must not be given together with runAt'); END IF;
  IF due < '1970-01-01 00:00:00+00' OR due >= '10000-01-01 00:00:00+00' THEN
    PERFORM jobstream.refuse('runAt', 'must be between the years 1970 and 9999');
  END IF;
  IF due > clock_timestamp() + interval '8784 hours' THEN
    PERFORM jobstream.refuse('runAt', 'must be at most a year ahead');
  END IF;
END $$;

CREATE FUNCTION jobstream.check_key(value jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF value IS NULL OR (jsonb_typeof(value) = 'string' AND (value #>> '{}') COLLATE "C" ~ '^[ -~]{1,255}$') THEN RETURN; END IF;
  PERFORM jobstream.refuse('idempotencyKey', 'must have 1 to 255 visible ASCII characters');
END $$;

-- Bytes of the value as compact JSON: without the blanks behind the colons and commas of jsonb's text.
CREATE FUNCTION jobstream.compact_bytes(value text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT octet_length(value) - length(outside) + length(replace(outside, ' ', ''))
  FROM regexp_replace(value, '"(?:[^"\\]|\\.)*"', '', 'g') AS outside
$$;

-- Whether a double-precision number holds a whole number exactly: after halving it has at most 53 bits.
CREATE FUNCTION jobstream.is_double(number numeric) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  WHILE abs(number) > 9007199254740992 LOOP
    IF number % 2 <> 0 THEN RETURN false; END IF;
    number := div(number, 2);
  END LOOP;
  RETURN true;
END $$;

-- Whether JavaScript, in which handlers may run, would change a whole number, or make a number infinite. Fractions are
-- rounded everywhere.
CREATE FUNCTION jobstream.has_inexact_number(value jsonb) RETURNS boolean LANGUAGE sql STABLE SET extra_float_digits = 1 AS $$
  SELECT EXISTS (
    SELECT FROM jsonb_path_query(value, 'strict $.** ? (@.type() == "number")') AS found,
      LATERAL (SELECT found::numeric AS number) AS read
    WHERE CASE
      WHEN abs(number) > 1.7976931348623157e308 THEN true
      WHEN number <> trunc(number) OR abs(number) <= 9007199254740991 THEN false
      ELSE number::float8::text::numeric <> number OR NOT jobstream.is_double(number)
    END
  )
$$;

-- The first glance is at the text, since few payloads need a closer look.
CREATE FUNCTION jobstream.check_payload(value jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  written text := value::text;
  bytes integer := octet_length(written);
BEGIN
  IF bytes > 262144 THEN -- of every three bytes at most one is a blank
    IF bytes > 393216 OR jobstream.compact_bytes(written) > 262144 THEN
      PERFORM jobstream.refuse('payload', 'must have at most 262144 bytes');
    END IF;
  END IF;
  IF length(written) - length(translate(written, '[{', '')) >= 64 THEN
    IF jsonb_path_exists(value, 'strict $.**{63} ? (@.type() == "array" || @.type() == "object")') THEN
      PERFORM jobstream.refuse('payload', 'must not be nested deeper than 63 levels');
    END IF;
  END IF;
  IF position('"__proto__":' IN written) > 0 THEN
    IF jsonb_path_exists(value, 'strict $.** ? (@.type() == "object").keyvalue() ? (@.key == "__proto__")') THEN
      PERFORM jobstream.refuse('payload', 'must have no field named __proto__');
    END IF;
  END IF;
  IF written ~ '\d{16}' THEN
    IF jobstream.has_inexact_number(value) THEN
      PERFORM jobstream.refuse('payload', 'must have only integers that JavaScript holds exactly; write others as strings');
    END IF;
  END IF;
END $$;

-- Raises an error that names the first field of a job that the API would refuse.
CREATE FUNCTION jobstream.check_job(type text, payload jsonb, options jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
    '{runAt,delayMs,maxAttempts,backoff,timeoutMs,tags,idempotencyKey}');
  IF unknown IS NOT NULL THEN PERFORM jobstream.refuse(unknown, 'is not known here'); END IF;
  PERFORM jobstream.check_due_time(options -> 'runAt', options -> 'delayMs');
  PERFORM jobstream.check_number('maxAttempts', options -> 'maxAttempts', 1, 1000, true);
  PERFORM jobstream.check_number('timeoutMs', options -> 'timeoutMs', 1, 604800000, true);
  PERFORM jobstream.check_backoff(options -> 'backoff');
  PERFORM jobstream.check_tags(options -> 'tags');
  PERFORM jobstream.check_key(options -> 'idempotencyKey');
END $$;
