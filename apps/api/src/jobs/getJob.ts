import { isTerminal, type Job } from '@jobstream/domain';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { entityTag, hasVersion, knownVersion } from '../http/entityTag.ts';
import { awaitJob } from '../feeds/awaitJob.ts';
import { findJob } from './findJob.ts';
import { jobAsOf } from './jobAsOf.ts';
import { jobIdOf, noSuchJob } from './jobIdOf.ts';
import { decodeJobPlan, type JobPlan } from './jobQuery.ts';
import { jobView } from './jobView.ts';
import { Problem } from '../problems/problem.ts';
import { sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';

/** A version that a client knows of is in the log already; this only helps one that asks for the next. */
const VERSION_WAIT_MS = 3_500;

/** `GET /api/jobs/:id`: the job as it is, as it was, when it has a version, or when it has ended. */
export function getJob(deps: ApiDeps): RequestHandler {
  const promptly = withinDeadline((req, res) => answer(req, res, deps));
  return (req, res, next) => (req.query['wait'] === undefined ? promptly(req, res, next) : answer(req, res, deps));
}

async function answer(req: Request, res: Response, deps: ApiDeps): Promise<void> {
  const id = jobIdOf(req, res);
  const job = await wantedJob(id, { ...decodeJobPlan(req.query), known: knownVersion(req) }, res, deps);
  if (job === undefined) throw noSuchJob();
  const tag = entityTag(job.version);
  res.setHeader('ETag', tag);
  res.setHeader('Cache-Control', 'private, no-cache');
  if (!hasVersion(req, tag)) return sendJson(res, 200, jobView(job));
  res.statusCode = 304;
  res.end();
}

interface KnownPlan extends JobPlan {
  /** The newest version that the client has by its entity tag. */
  readonly known: number;
}

async function wantedJob(id: string, plan: KnownPlan, res: Response, deps: ApiDeps): Promise<Job | undefined> {
  if (plan.asOf !== undefined) return jobAsOf(id, plan.asOf, deps);
  const job = plan.waitMs === undefined ? await findJob(id, deps, plan.known) : undefined;
  const { minVersion = 0 } = plan;
  if (job !== undefined && job.version >= minVersion) return job;
  const late = (await laterJob(id, plan, res, deps)) ?? (await findJob(id, deps, plan.known));
  if (late !== undefined) deps.served.note(late);
  if (late !== undefined && late.version < minVersion) throw versionNotReached(late);
  return late;
}

/** Waits by the log, which knows what a client has done before the table does. */
function laterJob(id: string, plan: JobPlan, res: Response, deps: ApiDeps): Promise<Job | undefined> {
  const { waitMs, minVersion = 0 } = plan;
  const until = (job: Job) => job.version >= minVersion && (waitMs === undefined || isTerminal(job.status));
  return awaitJob(id, { until, ms: waitMs ?? VERSION_WAIT_MS }, res, deps);
}

function versionNotReached({ version }: Job): Problem {
  return new Problem('version-not-reached', { detail: `the job has version ${version}` });
}
