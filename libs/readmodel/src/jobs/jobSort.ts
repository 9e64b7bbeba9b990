import { isInstant } from '../postgres/keysetCursor.ts';
import { storableInstant } from '../postgres/storableValues.ts';
import { InvalidCursorError } from '../errors.ts';
import type { Bind, JobSource } from './jobFilter.ts';

/** The orders of a list: by the time of creation; of ended jobs also by how long the last attempt ran, or by when they ended. */
export const jobSorts = ['newest', 'oldest', 'longest', 'shortest', 'lastFinished', 'firstFinished'] as const;
export type JobSort = (typeof jobSorts)[number];

/** What the position of a job in a list is made of. */
export interface Positioned {
  readonly id: string;
  readonly createdAt: string;
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
}

interface SortKey {
  /** Selects the value in SQL. */
  readonly expressionOf: (position: JobSource['position']) => string;
  readonly descending: boolean;
  /** A condition for the jobs that have the value. */
  readonly condition?: string;
  /** The value in a cursor. */
  readonly valueOf: (job: Positioned) => string;
  readonly isValue: (text: string) => boolean;
  /** Binds the value of a cursor. */
  readonly bindValue: (value: string, bind: Bind) => string;
}

const age = {
  expressionOf: ({ createdAt }: JobSource['position']) => createdAt,
  valueOf: ({ createdAt }: Positioned) => createdAt,
  isValue: isInstant,
  bindValue: (value: string, bind: Bind) => bind(storableInstant(value)),
};

const duration = {
  expressionOf: () => '(finished_at - started_at)',
  condition: '(finished_at - started_at) IS NOT NULL',
  valueOf: ({ startedAt = '', finishedAt = '' }: Positioned) => String(Date.parse(finishedAt) - Date.parse(startedAt)),
  isValue: (text: string) => /^-?\d{1,15}$/.test(text),
  bindValue: (value: string, bind: Bind) => `${bind(value)}::float8 * interval '1 millisecond'`,
};

/** The jobs that have failed, and those that are completed, are in indexes by it. */
const end = {
  expressionOf: () => 'finished_at',
  condition: 'finished_at IS NOT NULL',
  valueOf: ({ finishedAt = '' }: Positioned) => finishedAt,
  isValue: isInstant,
  bindValue: age.bindValue,
};

const sortKeys: Readonly<Record<JobSort, SortKey>> = {
  newest: { ...age, descending: true },
  oldest: { ...age, descending: false },
  longest: { ...duration, descending: true },
  shortest: { ...duration, descending: false },
  lastFinished: { ...end, descending: true },
  firstFinished: { ...end, descending: false },
};

/** Whether an index has all jobs in this order, so that a list and a count of it have all of them. */
export function isIndexed(sort: JobSort): boolean {
  return sort === 'newest' || sort === 'oldest';
}

const OF_JOBS = { createdAt: 'created_at', id: 'id' };

/** The jobs that an index has in the order of `longest`. */
export const LONG_JOBS = `finished_at - started_at >= interval '1 second'`;

/** The `ORDER BY` of a sort; ids settle the order of jobs with the same value. */
export function orderOf(sort: JobSort, position: JobSource['position'] = OF_JOBS): string {
  const { expressionOf, descending } = sortKeys[sort];
  const direction = descending ? 'DESC' : 'ASC';
  return `ORDER BY ${expressionOf(position)} ${direction}, ${position.id} ${direction}`;
}

interface After {
  readonly sort: JobSort;
  readonly position?: JobSource['position'];
  readonly cursor?: string | undefined;
}

/** The conditions for the jobs of a sort that come after the cursor. @throws InvalidCursorError. */
export function positionConditions({ sort, position = OF_JOBS, cursor }: After, bind: Bind): string[] {
  const { expressionOf, descending, condition, bindValue } = sortKeys[sort];
  const conditions = condition === undefined ? [] : [condition];
  if (cursor === undefined) return conditions;
  const { value, id } = decodeCursor(sort, cursor);
  const own = `(${expressionOf(position)}, ${position.id})`;
  return [...conditions, `${own} ${descending ? '<' : '>'} (${bindValue(value, bind)}, ${bind(id)})`];
}

/** Encodes the position after a job as an opaque cursor of this sort. */
export function encodeCursor(sort: JobSort, job: Positioned): string {
  return cursorOf(sort, { value: sortKeys[sort].valueOf(job), id: job.id });
}

interface Position {
  readonly value: string;
  readonly id: string;
}

const DECODED = /^(?:([a-zA-Z]+) )?([^ ]{1,30}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Without a name it is `newest`, as in cursors of earlier releases. */
function cursorOf(sort: JobSort, { value, id }: Position): string {
  return Buffer.from(`${sort === 'newest' ? '' : `${sort} `}${value} ${id}`).toString('base64url');
}

/** Decodes a cursor. @throws InvalidCursorError for a text that encodeCursor did not make for this sort. */
function decodeCursor(sort: JobSort, cursor: string): Position {
  const [, name = 'newest', value, id] = DECODED.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (value === undefined || id === undefined || name !== sort) throw new InvalidCursorError();
  if (!sortKeys[sort].isValue(value)) throw new InvalidCursorError();
  // Only one spelling is accepted: base64 decoding is lenient with characters that do not belong to it.
  if (cursorOf(sort, { value, id }) !== cursor) throw new InvalidCursorError();
  return { value, id };
}
