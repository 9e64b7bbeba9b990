import type { JobFilter, JobListQuery } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { type Caller, callerOf } from '../../auth/caller.ts';
import { DEFAULT_LIMIT } from '../../http/parsing/decodeQuery.ts';
import { linkToNext, orInvalidCursor } from '../../http/pages.ts';
import { type BodyOf, sendJson } from '../../http/sendJson.ts';
import { AsOfView } from '../../past/asOf.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { jobView, JobView } from '../view/jobView.ts';
import { listJobsAsOf, type AsOfListQuery, type AsOfPage } from './listJobsAsOf.ts';
import { decodeListQuery, ListJobsQuery, type ListQuery } from './listQuery.ts';
import { decodeSearch } from './searchQuery.ts';
import type { WaitingReasons } from './waitingReasons.ts';

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
  unknown: Schema.optionalKey(Schema.Int).annotateKey({
    description:
      'With `asOf`: how many jobs of this page are left out because their state of then is not known: their events have left the log.',
  }),
  asOf: Schema.optionalKey(AsOfView).annotateKey({ description: 'With `asOf`: the moment of the answer.' }),
}).annotate({ identifier: 'JobPage' });

export const listJobsDocs: EndpointDocs = {
  id: 'listJobs',
  tag: 'jobs',
  summary: 'List jobs',
  description:
    'Newest first by default. All parameters can be combined, but `asOf` only with `type`, `status`, `tag` and the page; `type`, `status` and `tag` can be repeated. Jobs that are created meanwhile do not shift the following pages.',
  query: ListJobsQuery,
  responses: {
    200: {
      description: 'A page of jobs.',
      headers: ['Link', 'Cache-Control', 'Jobstream-Table-Lag'],
      content: jsonContent(JobPage),
    },
  },
  problems: [
    'query-too-expensive',
    'table-unavailable',
    'log-unavailable',
    'history-unavailable',
    'past-not-reached',
    'deadline-exceeded',
  ],
};

const otherCursor = orInvalidCursor('must be the nextCursor of an earlier page with the same sort and asOf');

/** `GET /api/jobs`: a page of jobs from the table, or of jobs as they were. */
export function listJobs(deps: ApiDeps, reasons: WaitingReasons): RequestHandler {
  return async (req, res) => {
    const caller = callerOf(res);
    const query = decodeListQuery(req.query);
    const { items, ...page } = isOfThePast(query)
      ? viewOf(await listJobsAsOf(query, caller.tenant, deps).catch(otherCursor))
      : await presentPage(query, caller, { deps, reasons });
    linkToNext(req, res, page.nextCursor);
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items, ...page });
  };
}

function isOfThePast(query: ListQuery): query is AsOfListQuery {
  return query.asOf !== undefined;
}

function viewOf({ items, ...page }: AsOfPage): BodyOf<typeof JobPage> {
  return { items: items.map((job) => jobView(job)), ...page };
}

interface Sources {
  readonly deps: ApiDeps;
  readonly reasons: WaitingReasons;
}

async function presentPage(
  given: ListQuery,
  caller: Caller,
  { deps, reasons }: Sources,
): Promise<BodyOf<typeof JobPage>> {
  const { table, log } = deps;
  const { tenant } = caller;
  const { count = false, search, asOf: _asOf, ...asked } = { limit: DEFAULT_LIMIT, ...given, tenant };
  const found = search === undefined ? {} : await decodeSearch({ search, type: asked.type }, deps);
  const query = { ...asked, ...found };
  const [{ items, nextCursor }, total] = await Promise.all([
    table.listJobs(query).catch(otherCursor),
    count ? countListed(query, table) : undefined,
  ]);
  const [jobs, waiting] = await Promise.all([log.contents.openJobs(items), reasons.ofAll(items, caller)]);
  const views = jobs.map((job, index) => jobView(job, { waitingFor: waiting[index] }));
  return { items: views, nextCursor, ...total };
}

interface Total {
  readonly total: number;
  /** False when counting stopped at the limit. */
  readonly totalExact: boolean;
}

/** The filters that the counts by type and status serve. */
const COUNTED: ReadonlySet<string> = new Set(['tenant', 'type', 'status']);

/** Counts the jobs on all pages: from the counts by type and status where possible, else up to 10,000. */
async function countListed(query: JobListQuery, table: Pick<ApiDeps['table'], 'countJobs' | 'countMatchingJobs'>) {
  const { limit: _limit, cursor: _cursor, sort, ...filter } = query;
  const isCounted = Object.entries(filter).every(([name, value]) => COUNTED.has(name) || value === undefined);
  if (isCounted && isOfAllJobs(sort)) return counted(filter, table);
  const found = await table.countMatchingJobs({ ...filter, sort }, COUNTED_AT_MOST + 1);
  return { total: Math.min(found, COUNTED_AT_MOST), totalExact: found <= COUNTED_AT_MOST };
}

async function counted(
  { tenant, type = [], status = [] }: JobFilter,
  table: Pick<ApiDeps['table'], 'countJobs'>,
): Promise<Total> {
  let total = 0;
  for (const one of await table.countJobs(tenant)) {
    if (isAmong(type, one.type) && isAmong(status, one.status)) total += one.count;
  }
  return { total, totalExact: true };
}

/** Jobs that have not ended have no duration and no end, and are not in lists by them. */
function isOfAllJobs(sort: JobListQuery['sort'] = 'newest'): boolean {
  return sort === 'newest' || sort === 'oldest';
}

function isAmong(wanted: string | readonly string[], value: string): boolean {
  return wanted.length === 0 || [wanted].flat().includes(value);
}
