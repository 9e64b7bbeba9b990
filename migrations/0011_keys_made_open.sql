-- Keys that a caller without credentials created while the API was open: an API that requires credentials refuses them.
-- Of the keys made before this migration that is not known, so they stay as they were.

ALTER TABLE api_keys ADD COLUMN made_open boolean NOT NULL DEFAULT false;
