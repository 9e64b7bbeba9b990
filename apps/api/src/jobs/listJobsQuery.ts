import { JobStatus, JobType } from '@jobstream/domain';
import type { JobListQuery } from '@jobstream/readmodel';
import { Schema, SchemaTransformation } from 'effect';
import { Instant } from '../http/instant.ts';
import { Problem } from '../problems/problem.ts';
import { schemaErrors } from '../http/schemaErrors.ts';

/** How many a page has unless told. */
export const DEFAULT_LIMIT = 50;

/** The parameter `limit` of a list: 1 to 200, as text. */
export const Limit = Schema.String.check(
  Schema.isPattern(/^(?:[1-9]\d?|1\d\d|200)$/u, {
    expected: 'an integer from 1 to 200',
    jsonSchema: { type: 'integer', minimum: 1, maximum: 200, default: DEFAULT_LIMIT },
  }),
).pipe(Schema.decodeTo(Schema.Int, SchemaTransformation.transform({ decode: Number, encode: String })));

/** A parameter that is `true` or `false`. */
const Flag = Schema.Literals(['true', 'false']).pipe(
  Schema.decodeTo(
    Schema.Boolean,
    SchemaTransformation.transform({ decode: (text) => text === 'true', encode: (flag) => (flag ? 'true' : 'false') }),
  ),
);

/** The query of `GET /api/jobs`. */
export const ListJobsQuery = Schema.Struct({
  type: Schema.optionalKey(JobType),
  status: Schema.optionalKey(JobStatus),
  tag: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 128))),
  createdAfter: Schema.optionalKey(Instant),
  createdBefore: Schema.optionalKey(Instant),
  limit: Schema.optionalKey(Limit).annotateKey({ description: 'At most so many on a page.' }),
  cursor: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 200))).annotateKey({
    description: 'The `nextCursor` of an earlier page.',
  }),
  count: Schema.optionalKey(Flag).annotateKey({ description: 'Tell the number of jobs on all pages, too: `total`.' }),
});

const decode = Schema.decodeUnknownResult(ListJobsQuery, { errors: 'all', onExcessProperty: 'error' });

/** The query in a request's parameters; throws a Problem that names each wrong one. */
export function decodeListJobsQuery(parameters: unknown): JobListQuery & { readonly count?: boolean } {
  const result = decode(parameters);
  if (result._tag === 'Success') return { limit: DEFAULT_LIMIT, ...result.success };
  const errors = schemaErrors(result.failure.issue).map(({ path, detail }) => ({ parameter: path.join('.'), detail }));
  throw new Problem('invalid-parameter', { errors });
}
