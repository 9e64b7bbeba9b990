/** Values are cut to this length. */
const MAX_CHARS = 200;

/**
 * A difference between the live tables and the log. `missing`: a row that should exist; `extra`: one that should not;
 * `different`: a field, with both values as text of Postgres (null for SQL NULL), cut to 200 characters.
 */
export interface Difference {
  readonly table:
    | 'jobs'
    | 'job_search'
    | 'job_steps'
    | 'job_counts'
    | 'job_statistics'
    | 'quarantined_messages'
    | 'past_jobs'
    | 'past_changes'
    | 'past_counts';
  /**
   * The id of the job (also in `job_search`, `job_steps` and `past_jobs`), type and status of a count, period and type of statistics, the sequence of
   * a message or a change, the chunk, type and status of a past count.
   */
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

/** Two tables, or selections from them, to be joined by a key. */
interface ComparedTables {
  /** The live rows. */
  readonly live: string;
  /** The rows folded from the log. */
  readonly log: string;
  /** The key and the columns are quoted identifiers. */
  readonly key: string;
  readonly columns: readonly string[];
}

/**
 * Selects the differing fields of the first differing rows, by key. Each field is compared by the equality of its type,
 * and SQL NULL differs from a JSON null. A row that one side lacks is one difference, with its key as the field.
 */
export function differencesStatement({ live, log, key, columns }: ComparedTables, limit: number): string {
  const fields = columns.map(
    (column) => `('${column.replaceAll("'", "''")}', left(l.${column}::text, ${MAX_CHARS}),
      left(s.${column}::text, ${MAX_CHARS}), l.${column} IS DISTINCT FROM s.${column})`,
  );
  return `WITH differing AS (
      SELECT coalesce(l.${key}, s.${key}) AS key FROM (${live}) l FULL JOIN (${log}) s ON l.${key} = s.${key}
        WHERE l IS DISTINCT FROM s ORDER BY 1 LIMIT ${limit})
    SELECT key::text, l.${key} IS NULL AS missing, s.${key} IS NULL AS extra, field, live, log
      FROM differing LEFT JOIN (${live}) l ON l.${key} = key LEFT JOIN (${log}) s ON s.${key} = key
      CROSS JOIN LATERAL (VALUES ${fields.join(', ')}) AS f(field, live, log, differs)
      WHERE CASE WHEN l.${key} IS NULL OR s.${key} IS NULL THEN field = '${key}' ELSE differs END
      ORDER BY differing.key, field`;
}
