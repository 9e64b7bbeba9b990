import { isDeepStrictEqual } from 'node:util';
import { type Job, JobId } from '@jobstream/domain';
import { isShredded, isUnreadable } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, shownOfErrors, visibleTo } from '../../auth/caller.ts';
import { queryDecoder } from '../../http/parsing/decodeQuery.ts';
import { type BodyOf, sendJson } from '../../http/sendJson.ts';
import { positionParameter } from '../../http/tablePosition.ts';
import { tableResponse, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { jobIdOf, JobPath, noSuchJob } from '../view/jobPath.ts';
import { jobView, JobView } from '../view/jobView.ts';
import { findJob } from './findJob.ts';

const Part = Schema.Literals(['same', 'different', 'sealed']).annotate({
  identifier: 'ComparedPart',
  description:
    '`sealed`: it cannot be compared, since the contents of one of the jobs were erased or cannot be decrypted.',
});

/** The response of `GET /api/jobs/:id/comparison`. */
const JobComparison = Schema.Struct({
  job: JobView,
  other: Schema.optionalKey(JobView).annotateKey({ description: 'Absent where no job of the type has succeeded.' }),
  sharedTags: Schema.optionalKey(Schema.Array(Schema.String)),
  payload: Schema.optionalKey(Part),
  result: Schema.optionalKey(Part),
  error: Schema.optionalKey(Part).annotateKey({ description: 'By name, message and code, without the stacks.' }),
}).annotate({ identifier: 'JobComparison' });

/** The query of `GET /api/jobs/:id/comparison`. */
const ComparisonQuery = Schema.Struct({
  with: Schema.optionalKey(JobId).annotateKey({
    description: 'The other job. Without it, the last one that has succeeded and is most like this one.',
  }),
  ...positionParameter,
});

const decode = queryDecoder(ComparisonQuery);

export const compareJobDocs: EndpointDocs = {
  id: 'compareJob',
  tag: 'jobs',
  summary: 'Compare a job with another one',
  description:
    'Both jobs, and which of their parts differ. Without `with`, the other one is the job of the same type and tenant that shares most tags of those that have succeeded, among the newest 1,000; of several the last to end.',
  path: JobPath,
  query: ComparisonQuery,
  responses: { 200: tableResponse('The jobs.', JobComparison) },
  problems: [
    'job-not-found',
    'job-unreadable',
    'query-too-expensive',
    'table-unavailable',
    'log-unavailable',
    'history-unavailable',
    'deadline-exceeded',
  ],
};

/** `GET /api/jobs/:id/comparison`: a job beside another one, or beside the last that has succeeded and is most like it. */
export function compareJob(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const caller = callerOf(res);
    const { with: named } = decode(req.query);
    const job = await findJob(jobIdOf(req, res), deps);
    if (job === undefined) throw noSuchJob();
    const otherId = named ?? (await deps.table.findLastSucceeded(job));
    const other = otherId === undefined ? undefined : await findJob(otherId.toLowerCase(), deps);
    if (named !== undefined && (other === undefined || !visibleTo(caller)(other))) throw noSuchJob();
    const view = (one: Job) => jobView(one, shownOfErrors(caller));
    res.setHeader('Cache-Control', 'private, no-cache');
    const body: BodyOf<typeof JobComparison> = {
      job: view(job),
      ...(other === undefined ? {} : { other: view(other), ...comparisonOf(job, other) }),
    };
    sendJson(res, 200, body);
  };
}

function comparisonOf(job: Job, other: Job) {
  const isSealed = [job, other].some(hasSealedContents);
  const part = (...values: readonly [unknown, unknown]) =>
    isSealed ? 'sealed' : isDeepStrictEqual(...values) ? 'same' : 'different';
  return {
    sharedTags: job.tags.filter((tag) => other.tags.includes(tag)),
    payload: part(job.payload, other.payload),
    result: part(job.result, other.result),
    error: part(withoutStack(job), withoutStack(other)),
  } as const;
}

function hasSealedContents({ payload, result }: Job): boolean {
  return [payload, result].some((contents) => isShredded(contents) || isUnreadable(contents));
}

function withoutStack({ error }: Job): object | undefined {
  if (error === undefined) return undefined;
  const { stack: _stack, ...rest } = error;
  return rest;
}
