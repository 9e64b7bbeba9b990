import { isTerminal, type Job } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import * as SchemaTransformation from 'effect/SchemaTransformation';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../../apiDeps.ts';
import { callerOf, shownOfErrors } from '../../auth/caller.ts';
import { awaitJob } from '../../feeds/awaitJob.ts';
import { integerParameter, invalidParameters, queryDecoder } from '../../http/parsing/decodeQuery.ts';
import { entityTag, hasVersion, knownVersion } from '../../http/entityTag.ts';
import { sendJson } from '../../http/sendJson.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { type AsOf, AsOfParameter, parseAsOf } from '../../past/asOf.ts';
import { Problem } from '../../problems/problem.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import { jobIdOf, JobPath, noSuchJob } from '../view/jobPath.ts';
import { jobView, JobView } from '../view/jobView.ts';
import { findJob } from './findJob.ts';
import { jobAsOf } from './jobAsOf.ts';
import type { WaitingReasons } from './waitingReasons.ts';

const MAX_WAIT_MS = 60_000;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

const Version = integerParameter(/^[1-9]\d{0,8}$/u, {
  expected: 'a version: a whole number from 1 on',
  jsonSchema: { type: 'integer', minimum: 1, maximum: 999_999_999 },
});
const Wait = Schema.String.check(
  Schema.isPattern(/^\d{1,5}(ms|s|m)$/u, { expected: 'a time such as 500ms or 30s' }),
  Schema.makeFilter((text) => parseWait(text) <= MAX_WAIT_MS || 'must be at most 60s'),
).pipe(Schema.decodeTo(Schema.Int, SchemaTransformation.transform({ decode: parseWait, encode: (ms) => `${ms}ms` })));

/** The query of `GET /api/jobs/:id`. */
const JobQuery = Schema.Struct({
  wait: Schema.optionalKey(Wait).annotateKey({
    description: 'Respond when the job has ended, or after this time: `500ms`, `30s`, at most `60s`.',
  }),
  minVersion: Schema.optionalKey(Version).annotateKey({
    description: 'Respond when the job has this version: to read your own writes.',
  }),
  asOf: Schema.optionalKey(AsOfParameter).annotateKey({
    description: 'The state of the job at this time, or after the event with this `sequence`.',
  }),
});

const decode = queryDecoder(JobQuery);

export const getJobDocs: EndpointDocs = {
  id: 'getJob',
  tag: 'jobs',
  summary: 'Get a job',
  description:
    'In its current state, in an earlier one (`asOf`), as soon as it has a version (`minVersion`), or when it has ended (`wait`).',
  path: JobPath,
  query: JobQuery,
  headers: ['If-None-Match'],
  responses: {
    200: { description: 'The job.', headers: ['ETag', 'Cache-Control'], content: jsonContent(JobView) },
    304: { description: 'The client has the current version.', headers: ['ETag', 'Cache-Control'] },
  },
  problems: [
    'job-not-found',
    'job-unreadable',
    'version-not-reached',
    'log-unavailable',
    'history-unavailable',
    'deadline-exceeded',
    'too-many-feeds',
    'caller-share-exceeded',
    'stopping',
  ],
};

/** `GET /api/jobs/:id`: the job now, at an earlier moment, at a version, or when it has ended. */
export function getJob(deps: ApiDeps, reasons: WaitingReasons): RequestHandler {
  const send = (req: Request, res: Response) => respond(req, res, deps, reasons);
  const promptly = withinDeadline(send);
  return (req, res, next) => (req.query['wait'] === undefined ? promptly(req, res, next) : send(req, res));
}

async function respond(req: Request, res: Response, deps: ApiDeps, reasons: WaitingReasons): Promise<void> {
  const id = jobIdOf(req, res);
  const plan = decodeJobPlan(req.query);
  const job = await wantedJob(id, { ...plan, known: knownVersion(req) }, res, deps);
  if (job === undefined) throw noSuchJob();
  const tag = entityTag(job.version);
  res.setHeader('ETag', tag);
  res.setHeader('Cache-Control', 'private, no-cache');
  if (hasVersion(req, tag)) {
    res.statusCode = 304;
    res.end();
    return;
  }
  const caller = callerOf(res);
  const waitingFor = plan.asOf === undefined ? await reasons.of(job, caller) : undefined;
  sendJson(res, 200, jobView(job, { ...shownOfErrors(caller), waitingFor }));
}

interface KnownPlan extends JobPlan {
  /** The newest version that the client has. */
  readonly known: number;
}

async function wantedJob(id: string, plan: KnownPlan, res: Response, deps: ApiDeps): Promise<Job | undefined> {
  if (plan.asOf !== undefined) return jobAsOf(id, plan.asOf, deps);
  const job = plan.waitMs === undefined ? await findJob(id, deps, plan.known) : undefined;
  const { minVersion = 0 } = plan;
  if (job !== undefined && job.version >= minVersion) return job;
  const late = (await laterJob(id, plan, res, deps)) ?? (await findJob(id, deps, plan.known));
  if (late !== undefined) deps.servedVersions.record(late);
  if (late !== undefined && late.version < minVersion) throw versionNotReached(late);
  return late;
}

/** Waits on the log, which has the client's writes before the table does, and so the version that a client knows. */
function laterJob(id: string, plan: JobPlan, res: Response, deps: ApiDeps): Promise<Job | undefined> {
  const { waitMs, minVersion = 0 } = plan;
  const until = (job: Job) => job.version >= minVersion && (waitMs === undefined || isTerminal(job.status));
  return awaitJob(id, { until, ms: waitMs ?? deps.limits.versionMs }, res, deps);
}

function versionNotReached({ version }: Job): Problem {
  return new Problem('version-not-reached', { detail: `the job has version ${version}` });
}

interface JobPlan {
  readonly waitMs?: number;
  readonly minVersion?: number;
  readonly asOf?: AsOf;
}

/**
 * Decodes the query.
 *
 * @throws Problem `invalid-parameter`, which names each invalid parameter.
 */
function decodeJobPlan(parameters: unknown): JobPlan {
  const { wait, asOf, ...given } = decode(parameters);
  if (asOf === undefined) return { ...given, ...(wait === undefined ? {} : { waitMs: wait }) };
  if (wait === undefined && given.minVersion === undefined) return { asOf: parseAsOf(asOf) };
  throw invalidParameters([{ parameter: 'asOf', detail: 'must not be given together with wait or minVersion' }]);
}

function parseWait(text: string): number {
  const [, count, unit = ''] = /^(\d+)(\w+)$/.exec(text) ?? [];
  return Number(count) * (unitMs[unit] ?? Number.NaN);
}
