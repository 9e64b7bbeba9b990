import { isDeepStrictEqual } from 'node:util';
import type { CountRow, TableRow } from './evidence.ts';
import type { JudgedJob } from './replay.ts';
import type { Violation } from './violation.ts';

type Jobs = ReadonlyMap<string, JudgedJob | undefined>;

/** The columns that are compared, each by its value. */
export const comparedColumns = [
  'type',
  'status',
  'payload',
  'result',
  'error',
  'progress',
  'attempt',
  'max_attempts',
  'backoff',
  'timeout_ms',
  'run_at',
  'created_at',
  'updated_at',
  'started_at',
  'finished_at',
  'ran_ms',
  'worker',
  'tags',
  'priority',
  'version',
  'last_sequence',
] as const;

/** Compares the table with the log, field by field, in both directions. */
export function checkRows(rows: readonly TableRow[], jobs: Jobs): readonly Violation[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const missing = [...jobs.keys()].filter((id) => !byId.has(id));
  return [
    ...missing.map((jobId): Violation => ({ rule: 'missing-row', jobId, detail: 'it has no row' })),
    ...rows.flatMap((row) => checkRow(row, jobs.get(row.id))),
  ];
}

function checkRow(row: TableRow, job: JudgedJob | undefined): readonly Violation[] {
  if (job === undefined) return [{ rule: 'extra-row', jobId: row.id, detail: `the row is ${String(row['status'])}` }];
  const differing = comparedColumns.filter((column) => !isDeepStrictEqual(row[column], job[column]));
  if (differing.length === 0) return [];
  const words = differing.map((name) => `${name} is ${JSON.stringify(row[name])}, not ${JSON.stringify(job[name])}`);
  return [{ rule: 'row', jobId: row.id, detail: words.join('; ') }];
}

/** Compares the numbers that are kept beside the rows with a count over the log. */
export function checkCounts(counts: readonly CountRow[], jobs: Jobs): readonly Violation[] {
  const kept = new Map(counts.map(({ type, status, count }) => [`${type} ${status}`, count]));
  const counted = new Map<string, number>();
  for (const job of jobs.values()) {
    if (job === undefined) continue;
    const name = `${job.type} ${job.status}`;
    counted.set(name, (counted.get(name) ?? 0) + 1);
  }
  return [...new Set([...kept.keys(), ...counted.keys()])].flatMap((name): Violation[] => {
    const [is, should] = [kept.get(name) ?? 0, counted.get(name) ?? 0];
    return is === should ? [] : [{ rule: 'counts', detail: `${name} is ${is}, not ${should}` }];
  });
}
