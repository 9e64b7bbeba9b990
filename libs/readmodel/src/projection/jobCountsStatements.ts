import type { Job } from '@jobstream/domain';
import { arrayLiteral } from '../postgres/bulkStatement.ts';
import type { ChangedJob } from './writeJobRows.ts';
import type { BulkStatement } from '../postgres/bulkStatement.ts';

const ADD_TO_COUNTS = {
  name: 'add_to_counts',
  text: `INSERT INTO job_counts (tenant, type, status, count)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    ON CONFLICT (tenant, type, status) DO UPDATE SET count = job_counts.count + excluded.count`,
};

/** Moves the changed jobs from the count of their earlier status to that of their present one; empty if none moves. */
export function jobCountsStatements(changes: readonly ChangedJob[]): BulkStatement[] {
  const deltas = [...deltasOf(changes).values()].filter(({ delta }) => delta !== 0);
  if (deltas.length === 0) return [];
  const columns = [
    deltas.map(({ tenant }) => tenant),
    deltas.map(({ type }) => type),
    deltas.map(({ status }) => status),
    deltas.map(({ delta }) => delta),
  ];
  return [{ ...ADD_TO_COUNTS, values: columns.map(arrayLiteral), rows: undefined }];
}

interface Delta {
  /** Empty for none. */
  readonly tenant: string;
  readonly type: string;
  readonly status: string;
  delta: number;
}

function deltasOf(changes: readonly ChangedJob[]): ReadonlyMap<string, Delta> {
  const deltas = new Map<string, Delta>();
  const add = ({ tenant = '', type, status }: Pick<Job, 'tenant' | 'type' | 'status'>, by: number) => {
    const key = `${tenant} ${type} ${status}`;
    const entry = deltas.get(key);
    if (entry === undefined) deltas.set(key, { tenant, type, status, delta: by });
    else entry.delta += by;
  };
  for (const { before, after } of changes) {
    if (before !== undefined) add(before, -1);
    add(after, 1);
  }
  return deltas;
}
