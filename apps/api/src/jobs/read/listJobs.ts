import { JobStatus, JobType } from '@jobstream/domain';
import { InvalidCursorError, type JobListQuery, type JobPage } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import * as SchemaTransformation from 'effect/SchemaTransformation';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf } from '../../auth/caller.ts';
import { DEFAULT_LIMIT, Limit, queryDecoder } from '../../http/decodeQuery.ts';
import { Instant } from '@jobstream/creation';
import { sendJson } from '../../http/sendJson.ts';
import { Problem } from '../../problems/problem.ts';
import { jsonContent, type Operation } from '../../routes/operation.ts';
import { jobView, JobView } from '../view/jobView.ts';

/** Counting reads all matching rows; this many take some milliseconds. */
const COUNTED_AT_MOST = 10_000;
/** The response of `GET /api/jobs`. */
const JobPage = Schema.Struct({
  items: Schema.Array(JobView),
  nextCursor: Schema.NullOr(Schema.String).annotateKey({ description: '`null` on the last page.' }),
  total: Schema.optionalKey(Schema.Int).annotateKey({
    description: 'The number of jobs on all pages, with `count=true`.',
  }),
  totalExact: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: 'False if there are more than were counted.',
  }),
}).annotate({ identifier: 'JobPage' });

/** A boolean parameter. */
const Flag = Schema.Literals(['true', 'false']).pipe(
  Schema.decodeTo(
    Schema.Boolean,
    SchemaTransformation.transform({ decode: (text) => text === 'true', encode: (flag) => (flag ? 'true' : 'false') }),
  ),
);

/** The query of `GET /api/jobs`. */
const ListJobsQuery = Schema.Struct({
  type: Schema.optionalKey(JobType),
  status: Schema.optionalKey(JobStatus),
  tag: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 128))),
  createdAfter: Schema.optionalKey(Instant),
  createdBefore: Schema.optionalKey(Instant),
  limit: Schema.optionalKey(Limit).annotateKey({ description: 'The page size.' }),
  cursor: Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 200))).annotateKey({
    description: 'The `nextCursor` of an earlier page.',
  }),
  count: Schema.optionalKey(Flag).annotateKey({
    description: 'Also return the number of jobs on all pages as `total`.',
  }),
});

const decode = queryDecoder(ListJobsQuery);

export const listJobsOperation: Operation = {
  id: 'listJobs',
  tag: 'jobs',
  summary: 'List jobs, newest first',
  description: 'All parameters can be combined. Jobs that are created meanwhile do not shift the following pages.',
  query: ListJobsQuery,
  responses: {
    200: { description: 'A page of jobs.', headers: ['Link', 'Cache-Control'], content: jsonContent(JobPage) },
  },
  problems: ['table-unavailable', 'deadline-exceeded'],
};

/** `GET /api/jobs`: a page of jobs from the table, newest first. */
export function listJobs({ table, log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { tenant } = callerOf(res);
    const { count = false, ...query } = { limit: DEFAULT_LIMIT, ...decode(req.query), tenant };
    const [{ items, nextCursor }, total] = await Promise.all([
      page(query, table),
      count ? countListed(query, table) : undefined,
    ]);
    if (nextCursor !== null) res.setHeader('Link', `<${nextPage(req, nextCursor)}>; rel="next"`);
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items: (await log.contents.openJobs(items)).map(jobView), nextCursor, ...total });
  };
}

async function page(query: JobListQuery, table: ApiDeps['table']): Promise<JobPage> {
  try {
    return await table.listJobs(query);
  } catch (error) {
    if (!(error instanceof InvalidCursorError)) throw error;
    const detail = 'must be the nextCursor of an earlier page';
    throw new Problem('invalid-parameter', { errors: [{ parameter: 'cursor', detail }], cause: error });
  }
}

function nextPage(req: Request, cursor: string): string {
  const query = new URLSearchParams(req.query as Record<string, string>);
  query.set('cursor', cursor);
  return `/api/jobs?${query.toString()}`;
}

interface Total {
  readonly total: number;
  /** False when counting stopped at the limit. */
  readonly totalExact: boolean;
}

/** Counts the jobs on all pages: from the counts by type and status where possible, else up to 10,000. */
async function countListed(query: JobListQuery, table: Pick<ApiDeps['table'], 'countJobs' | 'countMatchingJobs'>) {
  const { tenant, type, status, tag, createdAfter, createdBefore } = query;
  const filter = { tenant, type, status, tag, createdAfter, createdBefore };
  if (tag === undefined && createdAfter === undefined && createdBefore === undefined) return counted(filter, table);
  const found = await table.countMatchingJobs(filter, COUNTED_AT_MOST + 1);
  return { total: Math.min(found, COUNTED_AT_MOST), totalExact: found <= COUNTED_AT_MOST };
}

async function counted(
  { tenant, type, status }: Pick<JobListQuery, 'tenant' | 'type' | 'status'>,
  table: Pick<ApiDeps['table'], 'countJobs'>,
): Promise<Total> {
  let total = 0;
  for (const one of await table.countJobs(tenant)) {
    if ((type ?? one.type) === one.type && (status ?? one.status) === one.status) total += one.count;
  }
  return { total, totalExact: true };
}
