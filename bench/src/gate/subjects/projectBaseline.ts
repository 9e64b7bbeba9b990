import { newId } from '@jobstream/eventlog';
import { Client } from 'pg';
import { BASELINE_TABLE } from '../../baseline/baselineTable.ts';
import type { Subject } from './subject.ts';

const ROWS_PER_BATCH = 1_666;

const UPSERT = `
  INSERT INTO baseline_jobs
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::int[], $7::timestamptz[],
    $8::timestamptz[], $9::bigint[])
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, result = excluded.result, attempts = excluded.attempts,
    updated_at = excluded.updated_at, version = excluded.version WHERE baseline_jobs.version < excluded.version`;

type Row = readonly unknown[];

/** Finished rows, as many as there are jobs, upserted into the table of the baseline. */
export async function projectBaseline(address: string): Promise<Subject> {
  const client = new Client({ connectionString: address });
  await client.connect();
  await client.query(BASELINE_TABLE);
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
  const [id, texts] = [newId(), [JSON.stringify(payload), JSON.stringify(result)]];
  return [id, 'email', 'completed', ...texts, 1, now, now, index];
}

async function upsert(client: Client, rows: readonly Row[]): Promise<void> {
  const columns = Array.from({ length: 9 }, (_, column) => rows.map((row) => row[column]));
  await client.query('BEGIN');
  await client.query({ name: 'upsert', text: UPSERT, values: columns });
  await client.query('UPDATE baseline_position SET sequence = sequence + $1', [rows.length]);
  await client.query('COMMIT');
}
