import type { RequestHandler } from 'express';
import type { ApiDeps } from './apiDeps.ts';
import { entityTag, hasVersion } from './entityTag.ts';
import { findJob } from './findJob.ts';
import { jobIdOf, noSuchJob } from './jobIdOf.ts';
import { jobView } from './jobView.ts';
import { sendJson } from './sendJson.ts';

/** `GET /api/jobs/:id` */
export function getJob(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const job = await findJob(jobIdOf(req, res), deps);
    if (job === undefined) throw noSuchJob();
    const tag = entityTag(job.version);
    res.setHeader('ETag', tag);
    res.setHeader('Cache-Control', 'private, no-cache');
    if (!hasVersion(req, tag)) return sendJson(res, 200, jobView(job));
    res.statusCode = 304;
    res.end();
  };
}
