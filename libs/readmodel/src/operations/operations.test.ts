import { createDatabase, queryDatabase } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { undoMigrations } from '../../testing/undoMigrations.ts';
import { migrate } from '../postgres/migrate.ts';

test('the migration removes what ended operations have put into payloads, and what operations have searched for', async () => {
  const url = await createDatabase();
  await migrate(url);
  await queryDatabase(url, undoMigrations('0027'));
  const before = `INSERT INTO operations (id, kind, status, actor, filter, patch, finished_at) VALUES
    (gen_random_uuid(), 'retry', 'completed', '{}', '{"type": "a", "search": "to=secret"}', '{"to": "secret"}', now()),
    (gen_random_uuid(), 'retry', 'paused', '{}', '{"type": "b", "search": ["to=secret"]}', '{"to": "needed"}', NULL),
    (gen_random_uuid(), 'cancel', 'paused', '{}', '{"type": "c"}', NULL, NULL)`;
  await queryDatabase(url, before);
  await migrate(url);
  const after = await queryDatabase(
    url,
    'SELECT filter::text, patch::text, key_id FROM operations ORDER BY filter::text',
  );
  expect(after).toEqual([
    { filter: '{"type": "a"}', patch: null, key_id: null },
    { filter: '{"type": "b"}', patch: '{"to": "needed"}', key_id: null },
    { filter: '{"type": "c"}', patch: null, key_id: null },
  ]);
});
