import type { JobStatus } from '@jobstream/domain';
import { storableInstant } from '../instant.ts';
import { storableText } from '../storableText.ts';

/** Which jobs; everything given must hold. The times are RFC 3339, exclusive, and count in whole milliseconds. */
export interface JobFilter {
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: JobStatus | undefined;
  readonly tag?: string | undefined;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
}

/** Takes a value of a statement and returns the placeholder for it. */
export type Bind = (value: unknown) => string;

/** The conditions of a filter on the table `jobs`. */
export function conditionsOf(
  { tenant, type, status, tag, createdAfter, createdBefore }: JobFilter,
  bind: Bind,
): string[] {
  const conditions: string[] = [];
  if (tenant !== undefined) conditions.push(`tenant = ${bind(tenant)}`);
  if (type !== undefined) conditions.push(`type = ${bind(storableText(type))}`);
  if (status !== undefined) conditions.push(`status = ${bind(status)}`);
  // The second condition lets Postgres use the index over the jobs that have tags.
  if (tag !== undefined) conditions.push(`tags @> ARRAY[${bind(storableText(tag))}]::text[] AND tags <> '{}'`);
  if (createdAfter !== undefined) conditions.push(`created_at > ${bind(storableInstant(createdAfter))}`);
  if (createdBefore !== undefined) conditions.push(`created_at < ${bind(storableInstant(createdBefore))}`);
  return conditions;
}

export function whereClause(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}
