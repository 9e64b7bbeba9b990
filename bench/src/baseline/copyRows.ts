import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from } from 'pg-copy-streams';

const COPY = `
  COPY baseline_jobs (id, type, payload, created_at, status, result, attempts, updated_at, version) FROM STDIN`;

/** Copies rows into the baseline's table, as one statement. A file of its own: the gate loads the table without a peer's package. */
export async function copyRows(client: Client, rows: string): Promise<void> {
  await pipeline(Readable.from([Buffer.from(rows)]), client.query(from(COPY)));
}
