-- Failed and cancelled jobs leave past_jobs when the log has forgotten them: libs/readmodel/src/past/prunePast.ts. The newest event
-- that changed the job, which may be later than that of its status. Of the rows that are there it is not known: it is at most the
-- position of the follower. A constant default rewrites no row, and an earlier release that still runs can insert.
DO $$
BEGIN
  EXECUTE format(
    'ALTER TABLE past_jobs ADD COLUMN last_sequence bigint NOT NULL DEFAULT %s',
    (SELECT coalesce(max(last_sequence), 0) FROM past_checkpoint)
  );
END
$$;
