import { forEachTest } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';

const database = forEachTest(migratedDatabase);
const now = '2026-01-01T12:00:15.000Z';

/** One job a second from noon on: of three, the first is `email` and pending, the second completed, the third of another type. */
beforeEach(() =>
  database.query(`INSERT INTO jobs (id, type, status, payload, attempt, max_attempts, backoff, timeout_ms, created_at,
      updated_at, tags, tenant, version, last_sequence)
    SELECT (lpad(n::text, 8, '0') || '-0000-7000-8000-000000000000')::uuid, CASE n % 3 WHEN 2 THEN 'fax' ELSE 'email' END,
      CASE n % 3 WHEN 1 THEN 'completed' ELSE 'pending' END, 'null', 0, 5, '{"type": "fixed", "delayMs": 1}', 60000,
      timestamptz '2026-01-01T12:00:00Z' + n * interval '1 s', now(), '{}',
      CASE WHEN n % 2 = 0 THEN 'acme' END, 1, n
    FROM generate_series(0, 299) AS n`),
);

const minute = (at: string, type: string, count: number) =>
  `('minute', '2026-01-01T${at}:00Z', '${type}', '', 9, ${count}, ${count}, ${count}, '{}', '{}')`;

const position = (readyAt: string, more: object = {}) =>
  database.readModel.findQueuePosition({
    id: '99999999-0000-7000-8000-000000000000',
    type: 'email',
    readyAt,
    now,
    ...more,
  });

test('counts the pending jobs of the type that were created earlier', async () => {
  expect(await position('2026-01-01T12:00:30.000Z')).toMatchObject({ ahead: 11, isMore: false });
  expect(await position('2026-01-01T11:59:59.000Z')).toMatchObject({ ahead: 0, isMore: false });
  expect(await position('2026-01-01T12:00:30.000Z', { type: 'fax' })).toMatchObject({ ahead: 10 });
  expect(await position('2026-01-01T12:00:30.000Z', { type: 'telex' })).toMatchObject({ ahead: 0 });
});

test('a job is not ahead of itself, and jobs of one moment follow each other by their ids', async () => {
  const id = '00000030-0000-7000-8000-000000000000';
  expect(await position('2026-01-01T12:00:30.000Z', { id })).toMatchObject({ ahead: 10 });
});

test('counts only the jobs of a tenant', async () => {
  expect(await position('2026-01-01T12:00:30.000Z', { tenant: 'acme' })).toMatchObject({ ahead: 6 });
  expect(await position('2026-01-01T12:00:30.000Z', { tenant: 'globex' })).toMatchObject({ ahead: 0 });
});

test('counts the attempts that have ended in this minute and the one before', async () => {
  await database.query(`INSERT INTO job_statistics VALUES ${minute('11:58', 'email', 100)}, ${minute('11:59', 'email', 2)},
    ${minute('12:00', 'email', 1)}, ${minute('12:00', 'fax', 50)}`);
  expect(await position(now)).toMatchObject({ ended: 9, endedWithinMs: 75_000 });
});

test('stops counting where that takes long', async () => {
  await database.query(`INSERT INTO jobs (id, type, status, payload, attempt, max_attempts, backoff, timeout_ms,
      created_at, updated_at, tags, version, last_sequence)
    SELECT gen_random_uuid(), 'email', 'pending', 'null', 0, 5, '{"type": "fixed", "delayMs": 1}', 60000,
      timestamptz '2026-01-02Z', now(), '{}', 1, n FROM generate_series(300, 20300) AS n`);
  expect(await position('2026-01-03T00:00:00.000Z')).toMatchObject({ ahead: 20_000, isMore: true });
});
