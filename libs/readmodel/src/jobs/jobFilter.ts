import type { JobStatus } from '@jobstream/domain';
import { groupDigest } from './failureGroup.ts';
import { isEquality, searchCondition } from '../search/searchConditions.ts';
import type { JobSearch } from '../search/searchConditions.ts';
import { storableInstant, storableText } from '../postgres/storableValues.ts';

/** One value, or several of which a job has one. */
type OneOf<Value> = Value | readonly Value[];

/** The times of a job by which lists can be narrowed, with their columns. */
const TIMES = {
  created: 'created_at',
  updated: 'updated_at',
  started: 'started_at',
  finished: 'finished_at',
  run: 'run_at',
} as const;

type TimeName = keyof typeof TIMES;
const timeNames = Object.keys(TIMES) as readonly TimeName[];

/** Times are RFC 3339, exclusive, to the millisecond. */
type TimeRanges = { readonly [Bound in `${TimeName}${'After' | 'Before'}`]?: string | undefined };

/** A filter of jobs; all given conditions must hold. */
export interface JobFilter extends TimeRanges {
  readonly tenant?: string | undefined;
  readonly type?: OneOf<string> | undefined;
  readonly status?: OneOf<JobStatus> | undefined;
  /** A job must have all of them. */
  readonly tag?: string | readonly string[] | undefined;
  /** Of the last attempt that failed. */
  readonly errorName?: string | undefined;
  readonly errorCode?: string | undefined;
  /** Jobs that failed alike: the name of a group of failures, or its digest. */
  readonly failure?: string | undefined;
  /** Conditions on values at named paths. */
  readonly search?: readonly JobSearch[] | undefined;
  /** The worker of the running or last attempt. */
  readonly worker?: string | undefined;
  /** The job that they repeat. */
  readonly rerunOf?: string | undefined;
  /** Jobs with one of these ids. */
  readonly ids?: readonly string[] | undefined;
}

/** Adds a value to a statement and returns its placeholder. */
export type Bind = (value: unknown) => string;

/** The conditions of a filter on the table `jobs`; without those of `search`, for which `sourceOf` is. */
function conditionsOf(filter: JobFilter, bind: Bind): string[] {
  const { tenant, type, status, tag, errorName, errorCode, failure, worker, rerunOf, ids } = filter;
  const equal = (column: string, value: string | undefined) =>
    value === undefined ? [] : [`${column} = ${bind(storableText(value))}`];
  return [
    ...equal('tenant', tenant),
    ...oneOf('type', type, bind),
    ...oneOf('status', status, bind),
    ...tagsOf(tag, bind),
    ...equal(`error->>'name'`, errorName),
    ...equal(`error->>'code'`, errorCode),
    ...equal('worker', worker),
    ...equal('failure', failure === undefined ? undefined : groupDigest(failure)),
    ...(failure === undefined ? [] : [`status = 'failed'`]), // lets Postgres use the index over the failed jobs
    ...equal('rerun_of', rerunOf),
    ...(ids === undefined ? [] : [`id = ANY(${bind(ids)}::uuid[])`]),
    ...timeNames.flatMap((name) => inRange(name, filter, bind)),
  ];
}

/**
 * Whether finding the jobs may mean to read many others: their creation, type, status, tenant, tags and what they repeat are in indexes.
 */
export function needsScan(filter: JobFilter): boolean {
  const { errorName, errorCode, worker } = filter;
  if ((errorName ?? errorCode ?? worker) !== undefined || (filter.search ?? []).length > 1) return true;
  if ((filter.search ?? []).some((one) => !isEquality(one))) return true;
  return timeNames.some(
    (name) => name !== 'created' && (filter[`${name}After`] ?? filter[`${name}Before`]) !== undefined,
  );
}

export function whereClause(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}

/** The values of a condition that takes one or several. */
export function valuesOf<Value extends string>(given: OneOf<Value> | undefined): readonly Value[] {
  if (given === undefined) return [];
  return typeof given === 'string' ? [given] : [...new Set(given)];
}

function oneOf(column: string, given: OneOf<string> | undefined, bind: Bind): string[] {
  if (given === undefined) return [];
  const [first, ...others] = valuesOf(given).map(storableText);
  return [others.length === 0 ? `${column} = ${bind(first)}` : `${column} = ANY(${bind([first, ...others])})`];
}

/** The second condition lets Postgres use the index over the jobs that have tags. */
function tagsOf(tag: JobFilter['tag'], bind: Bind): string[] {
  if (tag === undefined) return [];
  return [`tags @> ${bind(valuesOf(tag).map(storableText))}::text[] AND tags <> '{}'`];
}

function inRange(name: TimeName, filter: JobFilter, bind: Bind): string[] {
  const [after, before] = [filter[`${name}After`], filter[`${name}Before`]];
  return [
    ...(after === undefined ? [] : [`${TIMES[name]} > ${bind(storableInstant(after))}`]),
    ...(before === undefined ? [] : [`${TIMES[name]} < ${bind(storableInstant(before))}`]),
  ];
}

/** What to select jobs from, and with which conditions. */
export interface JobSource {
  readonly from: string;
  readonly conditions: readonly string[];
  /** The columns with the time of creation and the id: those of `job_search`, if its index has the jobs in order. */
  readonly position: { readonly createdAt: string; readonly id: string };
}

/** Selects the jobs of a filter: of those that a search finds, or of all. */
export function sourceOf(filter: JobFilter, bind: Bind): JobSource {
  const [first, ...others] = (filter.search ?? []).toSorted(
    (one, other) => Number(isEquality(other)) - Number(isEquality(one)),
  );
  const conditions = conditionsOf(filter, bind);
  if (first === undefined) return { from: 'jobs', conditions, position: { createdAt: 'created_at', id: 'id' } };
  const ofTypes = oneOf('found.job_type', filter.type, bind);
  const found = [...ofTypes, searchCondition('found', first, bind), ...others.map((other) => alsoFound(other, bind))];
  return {
    from: 'job_search AS found JOIN jobs ON jobs.id = found.job_id',
    conditions: [...found, ...conditions],
    position: { createdAt: 'found.job_created_at', id: 'found.job_id' },
  };
}

function alsoFound(search: JobSearch, bind: Bind): string {
  return `EXISTS (SELECT FROM job_search AS other WHERE other.job_id = found.job_id AND ${searchCondition('other', search, bind)})`;
}
