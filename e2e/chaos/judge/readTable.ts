import type { Pool } from 'pg';
import type { Evidence, TableRow } from './evidence.ts';
import { comparedColumns } from './checkTable.ts';

const jsonColumns = new Set<string>(['payload', 'result', 'error', 'progress', 'backoff']);
const timeColumns = new Set<string>(['run_at', 'created_at', 'updated_at', 'started_at', 'finished_at']);

/** What the read model says. */
export async function readTable(database: Pool): Promise<Pick<Evidence, 'rows' | 'counts' | 'quarantined'>> {
  const select = ['id', ...comparedColumns].map(selected).join(', ');
  const jobs = await database.query<Record<string, unknown>>(`SELECT ${select} FROM jobs`);
  const counts = await database.query<{ type: string; status: string; count: number }>(
    'SELECT type, status, count::int AS count FROM job_counts WHERE count <> 0',
  );
  const quarantined = await database.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM quarantined_messages',
  );
  return { rows: jobs.rows.map(tableRow), counts: counts.rows, quarantined: quarantined.rows[0]?.count ?? 0 };
}

/** JSON as text, because an SQL NULL and a JSON null are two things. */
function selected(column: string): string {
  if (jsonColumns.has(column)) return `${column}::text`;
  return column === 'last_sequence' ? `${column}::float8` : column;
}

function tableRow(raw: Record<string, unknown>): TableRow {
  const entries = Object.entries(raw).map(([column, value]) => [column, plain(column, value)]);
  return Object.fromEntries(entries) as TableRow;
}

function plain(column: string, value: unknown): unknown {
  if (value === null) return undefined;
  if (jsonColumns.has(column)) return JSON.parse(value as string);
  return timeColumns.has(column) ? (value as Date).getTime() : value;
}
