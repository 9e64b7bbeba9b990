/** @module-tag exact */
import { rm } from 'node:fs/promises';
import { installOutbox, outboxStatus } from '@jobstream/outbox';
import { createDatabase, eventually, queryDatabase, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { jobsClient } from '../harness/jobsClient.ts';

test('jobs that a foreign application enqueues in SQL run, and those that it rolls back are never seen', async () => {
  const dataDir = await scratchDataFolder('outbox');
  const url = await createDatabase();
  await installOutbox(url);
  const app = new Client({ connectionString: url });
  await app.connect();
  {
    await using system = await startSystem(dataDir, { DATABASE_URL: await createDatabase(), OUTBOX_URLS: url });
    const enqueue = async () => {
      const text = `SELECT jobstream.enqueue('sleep', '{"durationMs": 1}') AS id`;
      return (await app.query<{ id: string }>(text)).rows[0]?.id ?? '';
    };
    await app.query('BEGIN');
    const kept = await enqueue();
    await app.query('COMMIT; BEGIN');
    const rolledBack = await enqueue();
    await app.query('ROLLBACK');
    await eventually(async () => expect((await outboxStatus(url)).waiting).toBe(0));
    await jobsClient(system.api).reaches(kept, 'completed');
    expect((await fetch(`${system.api}/api/jobs/${rolledBack}`)).status).toBe(404);
  }
  await app.end();
  expect(await queryDatabase(url, 'SELECT FROM jobstream.outbox_rejected')).toEqual([]);
  await rm(dataDir, { recursive: true, force: true });
});
