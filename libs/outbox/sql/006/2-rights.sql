REVOKE ALL ON FUNCTION jobstream.check_priority FROM PUBLIC;

-- What ALTER DEFAULT PRIVILEGES of the owner has given away.
DO $$
DECLARE
  other text;
BEGIN
  FOR other IN SELECT DISTINCT acl.grantee::regrole::text FROM pg_proc, aclexplode(proacl) AS acl
    WHERE pg_proc.oid = 'jobstream.check_priority'::regproc AND acl.grantee <> proowner
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION jobstream.check_priority FROM %s', other);
  END LOOP;
END $$;
