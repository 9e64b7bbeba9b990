-- Jobs wait in one of four tables, only for as long as it takes to relay them. The active one takes new jobs; one that is
-- drained is truncated rather than vacuumed, since rows that are dead to all but an old transaction cannot be vacuumed.
-- They have no index: the relay takes rows in any order.
CREATE TABLE jobstream.outbox_0 (
  id uuid NOT NULL,
  enqueued_at timestamptz NOT NULL,
  type text NOT NULL,
  payload jsonb, -- null where none was given, unlike a JSON null
  options jsonb, -- without idempotencyKey
  key_digest bytea, -- as the API stores it: sha256 of the key, scoped to the tenant
  tenant text
) WITH (vacuum_truncate = off); -- or a vacuum would lock it against enqueuers
CREATE TABLE jobstream.outbox_1 (LIKE jobstream.outbox_0) WITH (vacuum_truncate = off);
CREATE TABLE jobstream.outbox_2 (LIKE jobstream.outbox_0) WITH (vacuum_truncate = off);
CREATE TABLE jobstream.outbox_3 (LIKE jobstream.outbox_0) WITH (vacuum_truncate = off);

-- Its value is the number of the active table. A sequence, since a row that is updated would itself leave dead versions.
CREATE SEQUENCE jobstream.outbox_active MINVALUE 0 MAXVALUE 3 START 0;

-- What could not become a job, with the reason. Rows stay until somebody deletes them.
CREATE TABLE jobstream.outbox_rejected (LIKE jobstream.outbox_0);
ALTER TABLE jobstream.outbox_rejected ADD COLUMN rejected_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE jobstream.outbox_rejected ADD COLUMN reason text NOT NULL;

-- Whose jobs the sessions of a role enqueue. Without a row they belong to no tenant.
CREATE TABLE jobstream.tenants (
  role name PRIMARY KEY,
  tenant text NOT NULL CHECK (tenant COLLATE "C" ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$')
);
