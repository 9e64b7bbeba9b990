-- Which settings of the job the definition of its type gave, and who has announced it; NULL where its creator said everything.
ALTER TABLE jobs ADD COLUMN by_definition jsonb;
