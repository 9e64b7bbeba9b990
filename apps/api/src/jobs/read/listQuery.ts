import { Instant } from '@jobstream/creation';
import { JobId, JobStatus, JobType } from '@jobstream/domain';
import { jobSorts } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import * as SchemaTransformation from 'effect/SchemaTransformation';
import type { Request } from 'express';
import { FailureId } from '../../failures/failureId.ts';
import { Limit, queryDecoder, repeatable, withLists } from '../../http/parsing/decodeQuery.ts';
import { AsOfParameter } from '../../past/asOf.ts';
import { positionParameter } from '../../http/tablePosition.ts';

/** A boolean parameter. */
const Flag = Schema.Literals(['true', 'false']).pipe(
  Schema.decodeTo(
    Schema.Boolean,
    SchemaTransformation.transform({ decode: (text) => text === 'true', encode: (flag) => (flag ? 'true' : 'false') }),
  ),
);

const Text = Schema.String.check(Schema.isBetweenLength(1, 256));

/** The parameters that can be repeated. A tag may have commas. */
const LISTS = { separated: ['type', 'status'], whole: ['tag', 'search'] };

/** The query of `GET /api/jobs`. */
export const ListJobsQuery = Schema.Struct({
  type: Schema.optionalKey(repeatable(JobType)).annotateKey({ description: 'Jobs of any of these types.' }),
  status: Schema.optionalKey(repeatable(JobStatus)).annotateKey({ description: 'Jobs in any of these statuses.' }),
  tag: Schema.optionalKey(repeatable(Schema.String.check(Schema.isBetweenLength(1, 128)))).annotateKey({
    description: 'Jobs with all of these tags.',
  }),
  errorName: Schema.optionalKey(Text).annotateKey({ description: 'Jobs whose last error has this name.' }),
  errorCode: Schema.optionalKey(Text).annotateKey({ description: 'Jobs whose last error has this code.' }),
  failure: Schema.optionalKey(FailureId).annotateKey({ description: 'Jobs of this group of failures.' }),
  search: Schema.optionalKey(repeatable(Schema.String.check(Schema.isBetweenLength(1, 512)))).annotateKey({
    description:
      'Jobs with this value at a named path, such as `customer=ACME`; with `>=`, `<=` or `^=` (begins with) in the place of `=`.',
  }),
  worker: Schema.optionalKey(Text).annotateKey({
    description: 'Jobs whose running or last attempt is of this worker.',
  }),
  rerunOf: Schema.optionalKey(JobId).annotateKey({ description: 'Jobs that repeat this one.' }),
  createdAfter: Schema.optionalKey(Instant),
  createdBefore: Schema.optionalKey(Instant),
  updatedAfter: Schema.optionalKey(Instant),
  updatedBefore: Schema.optionalKey(Instant),
  startedAfter: Schema.optionalKey(Instant),
  startedBefore: Schema.optionalKey(Instant),
  finishedAfter: Schema.optionalKey(Instant),
  finishedBefore: Schema.optionalKey(Instant),
  runAfter: Schema.optionalKey(Instant),
  runBefore: Schema.optionalKey(Instant),
  sort: Schema.optionalKey(Schema.Literals(jobSorts)).annotateKey({
    description:
      'By age; of ended jobs also by how long the last attempt ran, or by when they ended. Default `newest`.',
  }),
  limit: Schema.optionalKey(Limit).annotateKey({ description: 'The page size.' }),
  cursor: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 200))).annotateKey({
    description: 'The `nextCursor` of an earlier page, with the same `sort`.',
  }),
  asOf: Schema.optionalKey(AsOfParameter).annotateKey({
    description:
      'The jobs that there were at this time, or after the event with this `sequence`, as they were; with `type`, `status` and `tag` alone.',
  }),
  count: Schema.optionalKey(Flag).annotateKey({
    description: 'Also return the number of jobs on all pages as `total`.',
  }),
  ...positionParameter,
});

/** A decoded query, besides how current the table is to be. */
export type ListQuery = Omit<typeof ListJobsQuery.Type, 'minPosition'>;

const decode = queryDecoder(ListJobsQuery);

/** Decodes the query of a list. @throws Problem `invalid-parameter`, which names each invalid parameter. */
export function decodeListQuery(query: Request['query']): ListQuery {
  const { minPosition: _minPosition, ...list } = decode(withLists(query, LISTS));
  return list;
}
