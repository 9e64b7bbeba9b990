import type { Client } from 'pg';

/** Nine of ten jobs are of these; statuses are as in a table in which nearly all jobs are done. */
const INSERT = `INSERT INTO jobs (id, type, status, payload, result, error, attempt, max_attempts, backoff, timeout_ms,
    created_at, updated_at, started_at, finished_at, worker, tags, version, last_sequence)
  SELECT id, type, status, jsonb_build_object('to', 'user' || n || '@example.com', 'subject', 'Hello', 'number', n),
    CASE WHEN status = 'completed' THEN '{"accepted": 1}'::jsonb END,
    CASE WHEN status = 'failed' THEN '{"name": "Error", "message": "no route to host"}'::jsonb END,
    CASE status WHEN 'pending' THEN 0 ELSE 1 END, 5, '{"type": "fixed", "delayMs": 1000}', 60000,
    at, at + interval '50 ms', at + interval '20 ms', at + interval '50 ms', 'worker-' || n % 4,
    CASE WHEN n % 5 = 0 THEN ARRAY['customer-' || n % 1000] ELSE '{}' END, 3, n * 3
  FROM (
    SELECT n, at, (ARRAY['email', 'email', 'email', 'webhook', 'report'])[1 + n % 5] AS type,
      CASE WHEN n % 100 = 0 THEN 'failed' WHEN n % 500 = 1 THEN 'cancelled' ELSE 'completed' END AS status,
      (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
        || substr(md5(n::text), 4, 15))::uuid AS id
    FROM (SELECT n, timestamptz '2026-01-01' + n * interval '50 ms' AS at FROM generate_series($1::int, $2::int) AS n) s
  ) AS shaped`;

const PART = 200_000;
const MANY = 500_000;

/** Adds finished jobs of usual shape, numbers `from` to `to`, 20 a second from 2026 on, and the counts of them. */
export async function fillJobs(client: Client, from: number, to: number): Promise<void> {
  const indexes = to - from > MANY ? await dropIndexes(client) : [];
  for (let first = from; first <= to; first += PART) {
    await client.query(INSERT, [first, Math.min(to, first + PART - 1)]);
  }
  for (const index of indexes) await client.query(index);
  await client.query('TRUNCATE job_counts');
  await client.query(
    `INSERT INTO job_counts (type, status, count) SELECT type, status, count(*) FROM jobs GROUP BY 1, 2`,
  );
  await client.query('VACUUM (ANALYZE) jobs');
}

/** Making them at the end is faster; returns how. */
async function dropIndexes(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'jobs' AND indexname <> 'jobs_pkey'`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  return rows.map(({ definition }) => definition);
}
