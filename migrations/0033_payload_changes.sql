-- What an operation puts into payloads and is more than a merge patch, kept until it ends: docs/decisions/0052-changes-that-replace-nothing.md.
-- Releases before this one look for a patch only, and do not carry out an operation whose patch they do not find.

ALTER TABLE operations ADD COLUMN change jsonb;
