-- The release of the program that ran the last attempt, as its worker says; NULL where it says nothing.
ALTER TABLE jobs ADD COLUMN worker_version text;
