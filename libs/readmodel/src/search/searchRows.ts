import type { Job } from '@jobstream/domain';
import { arrayLiteral, plainArrayLiteral } from '../postgres/bulkStatement.ts';
import type { BulkStatement } from '../postgres/bulkStatement.ts';
import { storableInstant, storableText } from '../postgres/storableValues.ts';
import type { SearchPaths } from './searchPaths.ts';

/** Characters of a value that can be searched; longer ones are left out. */
export const MAX_SEARCHED_CHARS = 256;

const OF_RESULT = 'result:';

/** A job that is written; without a base version it is new. */
interface Written {
  readonly job: Job;
  readonly baseVersion: number | undefined;
  /** Null where the row keeps the one that it has. */
  readonly payload: string | null;
}

interface SearchRow {
  readonly job: Job;
  readonly path: string;
  readonly value: string;
}

const WRITE = {
  name: 'write_job_search',
  text: `INSERT INTO job_search (job_id, path, job_type, value, job_created_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT (job_id, path) DO UPDATE SET value = excluded.value`,
};

/** A changed payload need not have a value at the paths of the one before it. */
const DELETE = {
  name: 'delete_job_search',
  text: `DELETE FROM job_search WHERE job_id = ANY($1::uuid[]) AND path NOT LIKE '${OF_RESULT}%'`,
};

/** Writes what new payloads, and results, have at the named paths; nothing where no type of these jobs names one. */
export function searchStatements(writes: readonly Written[], paths: SearchPaths): BulkStatement[] {
  if (paths.size === 0) return [];
  const searched = writes.filter(({ job }) => paths.has(job.type));
  const changed = searched.filter(({ payload, baseVersion }) => payload !== null && baseVersion !== undefined);
  return [
    ...(changed.length === 0
      ? []
      : [{ ...DELETE, values: [plainArrayLiteral(changed.map(({ job }) => job.id))], rows: undefined }]),
    ...insertStatements(searched.flatMap((write) => rowsOf(write, paths.get(write.job.type) ?? []))),
  ];
}

function insertStatements(rows: readonly SearchRow[]): BulkStatement[] {
  if (rows.length === 0) return [];
  const values = [
    plainArrayLiteral(rows.map(({ job }) => job.id)),
    arrayLiteral(rows.map(({ path }) => path)),
    arrayLiteral(rows.map(({ job }) => job.type)),
    arrayLiteral(rows.map(({ value }) => value)),
    plainArrayLiteral(rows.map(({ job }) => storableInstant(job.createdAt))),
  ];
  return [{ ...WRITE, values, rows: undefined }];
}

/** A payload that the row keeps is not known here, and was written with it. */
function rowsOf({ job, payload }: Written, paths: readonly string[]): readonly SearchRow[] {
  return paths.flatMap((path) => {
    const ofResult = path.startsWith(OF_RESULT);
    if (!ofResult && payload === null) return [];
    const value = ofResult ? textAt(job.result, path.slice(OF_RESULT.length)) : textAt(job.payload, path);
    return value === undefined ? [] : [{ job, path, value }];
  });
}

/** The text, number or boolean at a path, as text. */
function textAt(value: unknown, path: string): string | undefined {
  const found = path.split('.').reduce(fieldOf, value);
  if (typeof found !== 'string' && typeof found !== 'number' && typeof found !== 'boolean') return undefined;
  const text = storableText(String(found));
  return text.length > MAX_SEARCHED_CHARS ? undefined : text;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
