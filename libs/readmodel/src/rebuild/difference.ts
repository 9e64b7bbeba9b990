/**
 * One way in which the live tables are not what the log says. `missing`: a row that should be there; `extra`: one that
 * should not; `different`: a field, with both values as text of Postgres (null for SQL NULL), cut to 200 characters.
 */
export interface Difference {
  readonly table: 'jobs' | 'job_counts' | 'job_statistics' | 'quarantined_messages';
  /** The id of the job, type and status of a count, period and type of statistics, the sequence of a message. */
  readonly key: string;
  readonly problem: 'missing' | 'extra' | 'different';
  readonly field: string;
  readonly live: string | null;
  readonly log: string | null;
}

/** As `differencesStatement` selects it. */
export interface DifferenceRow {
  readonly key: string;
  readonly missing: boolean;
  readonly extra: boolean;
  readonly field: string;
  readonly live: string | null;
  readonly log: string | null;
}

export function differenceOf(table: Difference['table'], row: DifferenceRow): Difference {
  const { key, missing, extra, field, live, log } = row;
  return { table, key, problem: missing ? 'missing' : extra ? 'extra' : 'different', field, live, log };
}
