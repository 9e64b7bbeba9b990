import type { Pool } from 'pg';
import { unlessTooExpensive } from '../jobs/unlessTooExpensive.ts';
import { originalText, storableJson, storableText } from '../postgres/storableValues.ts';

const MOST_EXAMPLES = 5;
const LONGEST_EXAMPLE = 200;

/** An encrypted payload is a token alone. */
const IS_SEALED = `jsonb_typeof(jobs.payload -> '$jwe') IS NOT DISTINCT FROM 'string'`;

const COUNT = `SELECT count(*)::int AS "jobs", count(*) FILTER (WHERE jobs.id IS NULL)::int AS "gone",
    count(*) FILTER (WHERE ${IS_SEALED})::int AS "sealed"
  FROM operation_jobs AS chosen LEFT JOIN jobs ON jobs.id = chosen.job_id WHERE chosen.operation_id = $1`;

const COMPARE = `WITH compared AS MATERIALIZED (
    SELECT jobs.payload #> $2::text[] AS value, count(*)::int AS jobs
    FROM operation_jobs AS chosen JOIN jobs ON jobs.id = chosen.job_id
    WHERE chosen.operation_id = $1 AND NOT ${IS_SEALED} GROUP BY 1
  ), others AS (SELECT value, jobs FROM compared WHERE value <> $3::jsonb)
  SELECT (SELECT coalesce(sum(jobs), 0)::int FROM others) AS "jobs", (SELECT count(*)::int FROM others) AS "values",
    (SELECT coalesce(sum(jobs), 0)::int FROM compared WHERE value IS NULL) AS "missing",
    ARRAY(SELECT left(value::text, ${LONGEST_EXAMPLE + 1}) FROM others ORDER BY jobs DESC, value LIMIT ${MOST_EXAMPLES}) AS "texts",
    ARRAY(SELECT jobs FROM others ORDER BY jobs DESC, value LIMIT ${MOST_EXAMPLES}) AS "counts"`;

/** A field of payloads that an operation sets. */
export interface SetField {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** What jobs have in such a field. */
export interface ComparedField {
  /** Jobs that have another value. */
  readonly jobs: number;
  /** How many different ones these are. */
  readonly values: number;
  /** Jobs without the field. */
  readonly missing: number;
  /** The most frequent of the other values, as JSON that is cut. */
  readonly examples: readonly { readonly json: string; readonly jobs: number }[];
}

/** The jobs of an operation, and what they have in each field. */
export interface ComparedJobs {
  readonly jobs: number;
  /** Jobs that the table has no more. */
  readonly gone: number;
  /** Jobs whose payloads are encrypted, and which are in no field. */
  readonly sealed: number;
  readonly fields: readonly ComparedField[];
}

type CountRow = Omit<ComparedJobs, 'fields'>;

interface FieldRow extends Omit<ComparedField, 'examples'> {
  readonly texts: readonly string[];
  readonly counts: readonly number[];
}

/** @throws QueryTooExpensiveError when the payloads are too large for the time that a query has. */
export async function compareFields(pool: Pool, id: string, fields: readonly SetField[]): Promise<ComparedJobs> {
  const counted = await unlessTooExpensive(pool.query<CountRow>(COUNT, [id]));
  const compared: ComparedField[] = [];
  for (const { path, value } of fields) {
    const values = [id, path.map(storableText), storableJson(value)];
    const { rows } = await unlessTooExpensive(pool.query<FieldRow>(COMPARE, values));
    compared.push(...rows.map(fieldOfRow));
  }
  return { jobs: 0, gone: 0, sealed: 0, ...counted.rows[0], fields: compared };
}

function fieldOfRow({ texts, counts, ...field }: FieldRow): ComparedField {
  return {
    ...field,
    examples: texts.map((text, index) => ({ json: cut(originalText(text)), jobs: counts[index] ?? 0 })),
  };
}

function cut(text: string): string {
  return text.length > LONGEST_EXAMPLE ? `${text.slice(0, LONGEST_EXAMPLE)}…` : text;
}
