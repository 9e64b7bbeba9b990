-- Puts a claimed job back behind those that wait, unchanged: for one that fails alone, so that the rest of its claim can leave.
CREATE FUNCTION jobstream.put_back(id uuid, enqueued_at timestamptz, type text, payload jsonb, options jsonb, key_digest text,
  tenant text)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('INSERT INTO jobstream.%I VALUES ($1, $2, $3, $4, $5, decode($6, ''hex''), $7)',
    'outbox_' || (SELECT last_value FROM jobstream.outbox_active))
    USING id, enqueued_at, type, payload, options, key_digest, tenant;
END $$;
REVOKE ALL ON FUNCTION jobstream.put_back FROM PUBLIC;

-- Roles that may claim may put back.
DO $$
DECLARE
  relay regrole;
BEGIN
  FOR relay IN SELECT DISTINCT acl.grantee FROM pg_proc, aclexplode(proacl) AS acl
    WHERE pg_proc.oid = 'jobstream.claim'::regproc AND acl.grantee <> 0
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION jobstream.put_back TO %s', relay);
  END LOOP;
END $$;
