REVOKE ALL ON FUNCTION jobstream.table_of, jobstream.pause_after, jobstream.need_read_committed, jobstream.claim_jobs,
  jobstream.settle_jobs, jobstream.count_jobs, jobstream.outbox_report FROM PUBLIC;

-- What ALTER DEFAULT PRIVILEGES of the owner has given away. The tables are for nobody else: who writes them chooses a tenant. Of the
-- functions and the schema of a new outbox, nothing was granted yet.
DO $$
DECLARE
  is_new boolean := (SELECT xmin = pg_current_xact_id()::xid FROM pg_namespace WHERE nspname = 'jobstream');
  other text;
BEGIN
  FOR other IN SELECT DISTINCT CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END
    FROM pg_default_acl, aclexplode(defaclacl) AS acl
    WHERE pg_get_userbyid(defaclrole) = current_user AND defaclnamespace = 0 AND acl.grantee <> defaclrole
  LOOP
    EXECUTE format('REVOKE CREATE ON SCHEMA jobstream FROM %s CASCADE', other);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA jobstream FROM %s CASCADE', other);
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA jobstream FROM %s CASCADE', other);
    EXECUTE format('REVOKE ALL ON FUNCTION jobstream.table_of, jobstream.pause_after, jobstream.need_read_committed,
      jobstream.claim_jobs, jobstream.settle_jobs, jobstream.count_jobs, jobstream.outbox_report FROM %s', other);
    IF is_new THEN EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jobstream FROM %s', other); END IF;
  END LOOP;
END $$;

-- Who may do as a relay of an earlier release does may do as one of this release does.
DO $$
DECLARE
  relay text;
BEGIN
  FOR relay IN SELECT DISTINCT CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END
    FROM pg_proc, aclexplode(proacl) AS acl
    WHERE pg_proc.oid = 'jobstream.claim'::regproc AND acl.privilege_type = 'EXECUTE'
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION jobstream.claim_jobs, jobstream.settle_jobs, jobstream.outbox_report TO %s', relay);
  END LOOP;
END $$;
