-- How many steps of a job were recorded: without it the follower of past states takes the next ones for a copy, and ignores what
-- comes after. A constant default rewrites no row, and an earlier release that still runs can insert.
ALTER TABLE past_jobs ADD COLUMN steps_recorded int NOT NULL DEFAULT 0;
