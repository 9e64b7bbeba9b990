import { JobId, JobStatus, JobType } from '@jobstream/domain';
import type { JobFilter } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { ApiDeps } from '../../apiDeps.ts';
import { fieldOf } from '../../http/parsing/decodeBody.ts';
import { repeatable } from '../../http/parsing/decodeQuery.ts';
import type { FieldError } from '../../problems/problem.ts';
import { filterErrors } from '../change/bulkRequest.ts';
import { ListJobsQuery } from '../read/listQuery.ts';
import { decodeSearch } from '../read/searchQuery.ts';

/** Jobs that a request may name one by one. */
const MAX_IDS = 1_000;

const { sort: _sort, limit: _limit, cursor: _cursor, count: _count, asOf: _asOf, ...listed } = ListJobsQuery.fields;
const Tag = Schema.String.check(Schema.isBetweenLength(1, 128));
const Search = Schema.String.check(Schema.isBetweenLength(1, 512));

function oneOrMore<S extends Schema.Constraint>(value: S) {
  return Schema.Union([value, repeatable(value)]);
}

const fields = {
  ...listed,
  type: Schema.optionalKey(oneOrMore(JobType)),
  status: Schema.optionalKey(oneOrMore(JobStatus)),
  tag: Schema.optionalKey(oneOrMore(Tag)).annotateKey({ description: 'Jobs with all of these tags.' }),
  search: Schema.optionalKey(oneOrMore(Search)).annotateKey({ description: 'As in a list; needs one `type`.' }),
  ids: Schema.optionalKey(Schema.Array(JobId).check(Schema.isBetweenLength(1, MAX_IDS))).annotateKey({
    description: 'Jobs with one of these ids.',
  }),
};

/** Which jobs an operation is on. */
export const OperationFilter = Schema.Struct({ ...fields, all: Schema.optionalKey(Schema.Boolean) });

/** The mistakes that the schema does not find: a missing filter must not mean all jobs. */
export function operationFilterErrors(filter: unknown): readonly FieldError[] {
  return filterErrors(filter, { place: '/filter', fields: Object.keys(fields) });
}

/** The statuses that a filter which has not been decoded names. */
export function statusesNamed(filter: unknown): readonly unknown[] {
  const status = fieldOf(filter, 'status');
  return status === undefined ? [] : [status].flat();
}

/** The conditions of a filter on the table. @throws Problem `invalid-request` for a search that is not possible. */
export async function conditionsOf(
  { all: _all, status: _status, search, ...conditions }: typeof OperationFilter.Type,
  deps: Pick<ApiDeps, 'table' | 'log'>,
): Promise<Omit<JobFilter, 'status'>> {
  if (search === undefined) return conditions;
  const { type = [] } = conditions;
  const asked = { search: listOf(search), type: listOf(type) };
  return { ...conditions, ...(await decodeSearch(asked, deps, { pointer: '/filter/search' })) };
}

function listOf(given: string | readonly string[]): readonly string[] {
  return typeof given === 'string' ? [given] : given;
}
