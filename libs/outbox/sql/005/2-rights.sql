REVOKE ALL ON FUNCTION jobstream.has_path, jobstream.check_unique_by, jobstream.check_unique FROM PUBLIC;

-- What ALTER DEFAULT PRIVILEGES of the owner has given away.
DO $$
DECLARE
  other text;
BEGIN
  FOR other IN SELECT DISTINCT acl.grantee::regrole::text FROM pg_proc, aclexplode(proacl) AS acl
    WHERE pg_proc.oid = 'jobstream.check_unique'::regproc AND acl.grantee <> proowner
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION jobstream.has_path, jobstream.check_unique_by, jobstream.check_unique FROM %s', other);
  END LOOP;
END $$;
