REVOKE ALL ON FUNCTION jobstream.table_of, jobstream.pause_after, jobstream.need_read_committed, jobstream.claim_jobs,
  jobstream.settle_jobs, jobstream.count_jobs, jobstream.outbox_report FROM PUBLIC;

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
