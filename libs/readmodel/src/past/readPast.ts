import type { JobStatus } from '@jobstream/domain';
import type { Pool } from 'pg';
import { InvalidCursorError } from '../errors.ts';
import { whereClause } from '../jobs/jobFilter.ts';
import type { Bind } from '../jobs/jobFilter.ts';
import type { JobCount } from '../jobs/jobQueries.ts';
import type { Page } from '../jobs/jobPage.ts';
import { unlessTooExpensive } from '../jobs/unlessTooExpensive.ts';
import { storableInstant, storableText } from '../postgres/storableValues.ts';
import { firstChangeWhere } from './firstChangeWhere.ts';
import { CHUNK } from './pastRows.ts';

/** A page of the jobs that there were after the event with this sequence; all given conditions held then. */
export interface PastQuery {
  readonly sequence: number;
  readonly tenant?: string | undefined;
  /** One of them; all if undefined. */
  readonly type?: readonly string[] | undefined;
  readonly status?: readonly JobStatus[] | undefined;
  /** All of them. */
  readonly tag?: readonly string[] | undefined;
  /** 1 to 1,000. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A job in a list of a past moment. */
export interface PastJobReference {
  readonly id: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly firstSequence: number;
}

const SEQUENCE_AT = {
  name: 'past_sequence_at',
  text: `SELECT max(sequence) AS sequence FROM past_changes WHERE sequence < (${firstChangeWhere('at > $1')})`,
};

/** The sequence of the last change that was stored by this time (RFC 3339); 0 for none. */
export async function pastSequenceAt(pool: Pool, time: string): Promise<number> {
  const { rows } = await pool.query<{ sequence: number | null }>({ ...SEQUENCE_AT, values: [storableInstant(time)] });
  return rows[0]?.sequence ?? 0;
}

/** Newest first, by the first events of the jobs. @throws InvalidCursorError, QueryTooExpensiveError. */
export async function listPastJobs(pool: Pool, query: PastQuery): Promise<Page<PastJobReference>> {
  const { rows } = await unlessTooExpensive(pool.query<PastJobReference>(pastPageStatement(query)));
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  const isMore = rows.length > query.limit && last !== undefined;
  return { items, nextCursor: isMore ? encodeCursor(last.firstSequence) : null };
}

/** The powers of two from 2 on, by which the index of `past_changes` has how long a status held, in sequences. */
const SPANS = Array.from({ length: 40 }, (_, index) => 2 ** (index + 1));
const SPAN_LEVEL = `width_bucket(sequence - since, ARRAY[${SPANS.join(', ')}]::bigint[])`;

/**
 * Those that had completed by then are in `past_changes` and others whose status has held since then in `past_jobs`, each in the order of
 * an index; for all others, of which there are as many as had not ended, `past_changes` has what they left later. A status that held for
 * 2^n to 2^(n+1) sequences ended at most so many later: so for each n there is a part of the index to look at, of which about half the
 * rows match.
 */
export function pastPageStatement(query: PastQuery): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const most = bind(query.limit + 1);
  const at = bind(query.sequence);
  const statuses = eachOf(query.status);
  const unchangedOf = (type: string | undefined) =>
    statuses.filter(isNotCompleted).map((status) => {
      const conditions = conditionsOf('status', { ...query, type, status }, bind);
      return `SELECT job_id, type, status, first_sequence FROM past_jobs
        ${whereClause([`status <> 'completed' AND since <= ${at}`, ...conditions])}`;
    });
  const completedOf = (type: string | undefined) => {
    if (!statuses.some(mayBeCompleted)) return [];
    const conditions = conditionsOf('status', { ...query, type, status: undefined }, bind);
    return [
      `SELECT job_id, type, status, first_sequence FROM past_changes
        ${whereClause([`status = 'completed' AND sequence <= ${at}`, ...conditions])}`,
    ];
  };
  const selections = [
    ...eachOf(query.type).flatMap((type) => unchangedOf(type).concat(completedOf(type))),
    `SELECT held.* FROM generate_series(0, ${SPANS.length}) AS level,
      LATERAL (SELECT job_id, type, left_status, first_sequence FROM past_changes
        ${whereClause([
          `${SPAN_LEVEL} = level AND since IS NOT NULL`,
          `sequence > ${at} AND sequence < ${at}::bigint + (2::bigint << level) AND since <= ${at}`,
          ...conditionsOf('left_status', query, bind),
        ])}
        ORDER BY first_sequence DESC LIMIT ${most}) AS held`,
  ].map((select) => `(${select} ORDER BY first_sequence DESC LIMIT ${most})`);
  const text = `SELECT job_id AS id, type, status, first_sequence AS "firstSequence" FROM (${selections.join(' UNION ALL ')}) AS found
    ORDER BY first_sequence DESC LIMIT ${most}`;
  return { text, values };
}

function isNotCompleted(status: JobStatus | undefined): boolean {
  return status !== 'completed';
}

function mayBeCompleted(status: JobStatus | undefined): boolean {
  return status === undefined || status === 'completed';
}

type Conditions = Pick<PastQuery, 'sequence' | 'tenant' | 'tag' | 'cursor'> & {
  readonly type?: string | readonly string[] | undefined;
  readonly status?: string | readonly string[] | undefined;
};

function conditionsOf(
  statusColumn: string,
  { sequence, tenant, type, status, tag, cursor }: Conditions,
  bind: Bind,
): string[] {
  const before = cursor === undefined ? sequence + 1 : Math.min(sequence + 1, decodeCursor(cursor));
  return [
    `first_sequence < ${bind(before)}`,
    ...(tenant === undefined ? [] : [`tenant = ${bind(tenant)}`]),
    ...among('type', type, bind),
    ...among(statusColumn, status, bind),
    ...(tag === undefined ? [] : [`tags @> ${bind(tag.map(storableText))}::text[] AND tags <> '{}'`]),
  ];
}

function among(column: string, given: string | readonly string[] | undefined, bind: Bind): string[] {
  if (given === undefined) return [];
  return [typeof given === 'string' ? `${column} = ${bind(given)}` : `${column} = ANY(${bind(given)})`];
}

/** One undefined for none: an index has the jobs of each type and status in order, and Postgres merges them. */
function eachOf<Value>(values: readonly Value[] | undefined): readonly (Value | undefined)[] {
  return values === undefined || values.length === 0 ? [undefined] : [...new Set(values)];
}

/** By tenant, type and status, at a sequence: whole chunks, and the changes of the last one. */
const COUNT = {
  name: 'count_past_jobs',
  text: `SELECT type, status, sum(delta)::bigint AS count FROM (
      SELECT tenant, type, status, delta FROM past_counts WHERE chunk < $1::bigint / ${CHUNK}
      UNION ALL SELECT coalesce(tenant, ''), type, status, 1 FROM past_changes
        WHERE sequence >= $1::bigint / ${CHUNK} * ${CHUNK} AND sequence <= $1
      UNION ALL SELECT coalesce(tenant, ''), type, left_status, -1 FROM past_changes
        WHERE sequence >= $1::bigint / ${CHUNK} * ${CHUNK} AND sequence <= $1 AND left_status IS NOT NULL
    ) AS changed WHERE $2::text IS NULL OR tenant = $2
    GROUP BY type, status HAVING sum(delta) <> 0 ORDER BY type, status`,
};

/** Counts the jobs (of a tenant, or all) that there were after the event with this sequence, by type and status. */
export async function countPastJobs(pool: Pool, sequence: number, tenant?: string): Promise<readonly JobCount[]> {
  const counting = pool.query<JobCount>({ ...COUNT, values: [sequence, tenant ?? null] });
  return (await unlessTooExpensive(counting)).rows;
}

/** The first sequence of a job is the place of the page after it. */
function encodeCursor(firstSequence: number): string {
  return Buffer.from(`past ${firstSequence}`).toString('base64url');
}

function decodeCursor(cursor: string): number {
  const [, place] = /^past (\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (place === undefined || encodeCursor(Number(place)) !== cursor) throw new InvalidCursorError();
  return Number(place);
}
