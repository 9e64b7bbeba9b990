/** What undoes each migration that tests take back, by its number; empty where nothing has to be undone. */
const undo: Readonly<Record<string, string>> = {
  '0005': 'DROP TABLE job_statistics',
  '0006': 'DROP TABLE rebuild_requests',
  '0007': 'DROP INDEX jobs_completed; ALTER TABLE projection_checkpoints DROP COLUMN retired_before',
  '0008': '',
  '0009': 'DROP TABLE job_statistics_gaps',
  '0010': 'ALTER TABLE jobs DROP COLUMN unreadable_events; ALTER TABLE quarantined_messages DROP COLUMN job_id',
  '0011': 'ALTER TABLE api_keys DROP COLUMN made_open',
  '0013': 'ALTER TABLE jobs DROP COLUMN result_inexact',
  '0014': 'ALTER TABLE jobs DROP COLUMN rerun_of',
  '0015': 'ALTER TABLE jobs DROP COLUMN failure',
  '0018': 'DROP TABLE job_search; DROP TABLE search_paths',
  '0019': 'DROP TABLE operation_jobs, operations',
  '0020': 'DROP TABLE audit_log',
  '0022': 'DROP TABLE past_jobs, past_changes, past_counts, past_checkpoint',
  '0024': 'DROP TABLE verifications',
  '0026': 'DROP INDEX jobs_longest',
  '0027': 'ALTER TABLE operations DROP COLUMN patch_paths, DROP COLUMN key_id',
  '0030': 'ALTER TABLE past_jobs DROP COLUMN last_sequence',
  '0032': 'ALTER TABLE jobs DROP COLUMN by_definition',
  '0033': 'ALTER TABLE operations DROP COLUMN change',
  '0034': 'ALTER TABLE jobs DROP COLUMN worker_version',
  '0036': 'ALTER TABLE jobs DROP COLUMN unique_rule, DROP COLUMN unique_key',
  '0037': 'ALTER TABLE jobs DROP COLUMN priority',
  '0038': 'DROP TABLE job_steps; ALTER TABLE jobs DROP COLUMN steps_recorded, DROP COLUMN generation',
  '0039': 'ALTER TABLE past_jobs DROP COLUMN steps_recorded',
  '0040':
    'ALTER TABLE jobs DROP CONSTRAINT jobs_status_known, DROP COLUMN ran_ms; ALTER TABLE jobs ADD CONSTRAINT jobs_status_known ' +
    "CHECK (status IN ('scheduled', 'pending', 'processing', 'retrying', 'completed', 'failed', 'cancelled'))",
  '0041': '',
  '0042':
    'ALTER TABLE jobs DROP COLUMN unread, DROP COLUMN awaits; ALTER TABLE past_jobs DROP COLUMN unread; ' +
    'ALTER TABLE job_steps DROP COLUMN signal_id, DROP COLUMN signal_name, DROP COLUMN waits_until',
  '0043':
    'DROP INDEX past_changes_completed, past_changes_completed_of_type, past_changes_completed_of_tenant, ' +
    'past_changes_completed_tags, past_changes_first',
  '0035':
    'DROP INDEX past_changes_held; CREATE INDEX past_changes_at ON past_changes (at, sequence); ' +
    'CREATE INDEX past_changes_held ON past_changes USING gist (int8range(since, sequence)) WHERE since IS NOT NULL',
};

/** SQL that makes a database as it was before the migration with the number `first`, so that it can be migrated again. */
export function undoMigrations(first: keyof typeof undo): string {
  const later = Object.entries(undo).filter(([number]) => number >= first);
  const statements = later.toReversed().map(([, statement]) => statement);
  return [...statements, `DELETE FROM schema_migrations WHERE name >= '${first}'`].filter(Boolean).join('; ');
}
