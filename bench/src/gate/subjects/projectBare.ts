import { randomUUIDv7 } from 'node:crypto';
import { Client } from 'pg';
import type { Subject } from './subject.ts';

const ROWS_PER_BATCH = 1_666;

const TABLE = `
  CREATE TABLE ruler (
    id uuid PRIMARY KEY, type text NOT NULL, status text NOT NULL, payload jsonb, result jsonb, attempts int NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, version bigint NOT NULL
  );
  CREATE INDEX ON ruler (status, type, id);
  CREATE INDEX ON ruler (created_at DESC);
  CREATE TABLE ruler_position (sequence bigint NOT NULL);
  INSERT INTO ruler_position VALUES (0)`;

const UPSERT = `
  INSERT INTO ruler
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::int[], $7::timestamptz[],
    $8::timestamptz[], $9::bigint[])
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, result = excluded.result, attempts = excluded.attempts,
    updated_at = excluded.updated_at, version = excluded.version WHERE ruler.version < excluded.version`;

type Row = readonly unknown[];

/** Finished rows, as many as there are jobs, with the fewest columns and indexes that a table of jobs can do with. */
export async function projectBare(address: string): Promise<Subject> {
  const client = new Client({ connectionString: address });
  await client.connect();
  await client.query(TABLE);
  let rows: Row[] = [];
  return {
    async prepare(count) {
      rows = Array.from({ length: count }, (_, index) => rowOf(index));
    },
    async run(count) {
      for (let at = 0; at < count; at += ROWS_PER_BATCH) await upsert(client, rows.slice(at, at + ROWS_PER_BATCH));
    },
  };
}

function rowOf(index: number): Row {
  const now = new Date().toISOString();
  const payload = { to: 'user@example.com', subject: 'Hello', text: 'A mail of a usual length, more or less.' };
  const result = { accepted: ['user@example.com'] };
  const [id, texts] = [randomUUIDv7(), [JSON.stringify(payload), JSON.stringify(result)]];
  return [id, 'email', 'completed', ...texts, 1, now, now, index];
}

async function upsert(client: Client, rows: readonly Row[]): Promise<void> {
  const columns = Array.from({ length: 9 }, (_, column) => rows.map((row) => row[column]));
  await client.query('BEGIN');
  await client.query({ name: 'upsert', text: UPSERT, values: columns });
  await client.query('UPDATE ruler_position SET sequence = sequence + $1', [rows.length]);
  await client.query('COMMIT');
}
