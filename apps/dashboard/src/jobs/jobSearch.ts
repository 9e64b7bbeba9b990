import type { JobListFilter } from '@jobstream/client';
import { statuses } from '../parts/status.tsx';
import { type PastSearch, readPastSearch } from '../past/pastSearch.ts';

/** Conditions of which a list may have several. */
const SEVERAL = ['status', 'type', 'tag', 'search'] as const;

export const times = ['created', 'updated', 'started', 'finished', 'run'] as const;
const bounds = times.flatMap((time) => [`${time}After`, `${time}Before`] as const);
const ONE = ['errorName', 'errorCode', 'failure', 'worker', 'rerunOf', ...bounds] as const;

export const sorts = ['newest', 'oldest', 'longest', 'shortest', 'lastFinished', 'firstFinished'] as const;

type Several = (typeof SEVERAL)[number];
export type ConditionName = Several | (typeof ONE)[number];

/** One condition of a list: a job has one of the types and statuses, and all of the rest. */
export interface Condition {
  readonly name: ConditionName;
  readonly value: string;
}

/**
 * The conditions and the order of a list of jobs, and the time at which it is looked at, as they stand in the address. A
 * time of a condition may be `-15m`: so long ago.
 */
export type JobSearch = Omit<JobListFilter, 'asOf'> & PastSearch;

/** Reads the conditions of an address, and leaves out what is none. */
export function readJobSearch(params: Readonly<Record<string, unknown>>): JobSearch {
  const past = readPastSearch(params);
  const sort = sorts.find((one) => one === params['sort'] && one !== 'newest');
  const conditions = [...SEVERAL, ...ONE].flatMap((name) =>
    [params[name]].flat().flatMap((value) => (isText(value) ? [{ name, value: String(value) }] : [])),
  );
  return {
    ...searchOf(conditions.filter((condition) => isPossible(condition) && takes(past, condition))),
    ...(sort === undefined || past.asOf !== undefined ? {} : { sort }),
    ...past,
  };
}

/** The router reads `?tag=42` as a number. */
function isText(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

/** What a job type can be called. */
export const JOB_TYPE = /^[a-z][a-z0-9-]{0,62}$/;

/** What the API would refuse is not asked for. */
function isPossible({ name, value }: Condition): boolean {
  if (isBound(name)) return AGO.test(value) || !Number.isNaN(Date.parse(value));
  return POSSIBLE[name]?.test(value) ?? (name !== 'status' || statuses.some((status) => status === value));
}

function isBound(name: ConditionName): name is (typeof bounds)[number] {
  return bounds.some((bound) => bound === name);
}

const POSSIBLE: Partial<Record<ConditionName, RegExp>> = {
  type: JOB_TYPE,
  tag: /^.{1,128}$/su,
  search: /^[^=]+=/su,
  failure: /^(?:[a-z0-9]{1,48}-){0,24}[0-9a-f]{16}$/,
  rerunOf: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
};

/** The conditions of a list, one by one. */
export function conditionsOf(search: JobSearch): readonly Condition[] {
  return [...SEVERAL, ...ONE].flatMap((name) => [search[name] ?? []].flat().map((value) => ({ name, value })));
}

export function withCondition(search: JobSearch, condition: Condition): JobSearch {
  const others = conditionsOf(search).filter((one) => isSeveral(one.name) || one.name !== condition.name);
  return { ...unconditional(search), ...searchOf([...others.filter((one) => !isEqual(one, condition)), condition]) };
}

export function withoutCondition(search: JobSearch, condition: Condition): JobSearch {
  return { ...unconditional(search), ...searchOf(conditionsOf(search).filter((one) => !isEqual(one, condition))) };
}

function searchOf(conditions: readonly Condition[]): JobSearch {
  const byName = Map.groupBy(conditions, ({ name }) => name);
  const entries = [...byName].map(([name, found]) => {
    const [first, ...others] = found.map(({ value }) => value);
    return [name, others.length === 0 || !isSeveral(name) ? first : [first, ...others]];
  });
  return Object.fromEntries(entries) as JobSearch;
}

/** All jobs, in the order and at the time of the search. */
export function unconditional({ sort, asOf }: JobSearch): JobSearch {
  return { ...(sort === undefined ? {} : { sort }), ...(asOf === undefined ? {} : { asOf }) };
}

function isSeveral(name: ConditionName): name is Several {
  return SEVERAL.some((one) => one === name);
}

function isEqual(one: Condition, other: Condition): boolean {
  return one.name === other.name && one.value === other.value;
}

/** The values of a condition of which there may be several. */
export function valuesOf(search: JobSearch, name: Several): readonly string[] {
  return [search[name] ?? []].flat();
}

const AGO = /^-(\d{1,4})([mhd])$/;
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The filter with `-15m` and the like as times, `now` in milliseconds. */
export function atTime<Search extends JobSearch>(search: Search, now: number): Search {
  const resolved = bounds.flatMap((name) => {
    const [, count, unit] = AGO.exec(search[name] ?? '') ?? [];
    if (count === undefined || unit === undefined) return [];
    return [[name, new Date(now - Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString()]];
  });
  return { ...search, ...(Object.fromEntries(resolved) as Partial<Search>) };
}

/** Whether the feed of events tells which jobs are new to the list: it has types, statuses and tags. */
export function isFollowed(search: JobSearch): search is Pick<JobListFilter, Several> {
  return search.sort === undefined && conditionsOf(search).every(isPlain);
}

/** Whether the events of jobs, and lists of the past, know the condition. */
function isPlain({ name }: Condition): boolean {
  return name === 'status' || name === 'type' || name === 'tag';
}

/** Whether a list takes the condition, which those of the past may not. */
export function takes({ asOf }: JobSearch, condition: Condition): boolean {
  return asOf === undefined || isPlain(condition);
}

/** Why a list cannot be ordered or narrowed by times; undefined if it can be. */
export function notInThePast({ asOf }: JobSearch): string | undefined {
  return asOf === undefined ? undefined : 'Lists of the past take types, statuses and tags alone: go back to now first';
}
