-- `high` or `low`; NULL for normal.
ALTER TABLE jobs ADD COLUMN priority text;
