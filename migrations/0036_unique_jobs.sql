-- By what the job is unique and for how long, and the hash of that; NULL where other such jobs may be created beside it.
ALTER TABLE jobs ADD COLUMN unique_rule jsonb, ADD COLUMN unique_key text;
