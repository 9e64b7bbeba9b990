-- A UUID of version 7 (RFC 9562): the milliseconds since 1970 and random bits. The function uuidv7 is new in Postgres 18.
CREATE FUNCTION jobstream.new_job_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  -- A random UUID has the bits 0100 of version 4 where 0111 must stand.
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    52, 1), 53, 1), 'hex')::uuid
$$;

-- The digest of an idempotency key, within a tenant unless that is null.
CREATE FUNCTION jobstream.key_digest(idempotency_key text, tenant text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN tenant IS NULL THEN digest ELSE
    sha256('tenant\000'::bytea || convert_to(tenant, 'UTF8') || '\000'::bytea || convert_to(encode(digest, 'hex'), 'UTF8'))
  END FROM sha256(convert_to(idempotency_key, 'UTF8')) AS digest
$$;

-- A UUID of version 8 with the first 122 free bits of a digest.
CREATE FUNCTION jobstream.job_id_of(key_digest bytea) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(set_byte(set_byte(bits, 6, get_byte(bits, 6) & 15 | 128), 8, get_byte(bits, 8) & 63 | 128), 'hex')::uuid
  FROM substring(key_digest FROM 1 FOR 16) AS bits
$$;
