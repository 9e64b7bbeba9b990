-- What an operation puts into payloads is kept until it ends, and sealed where payloads are encrypted: docs/privacy.md.

ALTER TABLE operations
  -- JSON pointers to what the patch changes, which stay; NULL without a patch.
  ADD COLUMN patch_paths jsonb,
  -- Names the key in the stream KEYS that seals patch and fingerprint; NULL without one, and once it is destroyed.
  ADD COLUMN key_id uuid;

CREATE INDEX operations_with_key ON operations (key_id) WHERE key_id IS NOT NULL;

UPDATE operations SET patch = NULL WHERE finished_at IS NOT NULL AND patch IS NOT NULL;
-- The jobs are fixed, so that nothing needs the values by which they were found.
UPDATE operations SET filter = filter - 'search' WHERE filter ? 'search';
