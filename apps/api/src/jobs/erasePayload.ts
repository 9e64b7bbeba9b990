import { isShredded } from '@jobstream/eventlog';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { entityTag } from '../http/entityTag.ts';
import { sendJson } from '../http/sendJson.ts';
import { Problem } from '../problems/problem.ts';
import { findJob } from './findJob.ts';
import { jobIdOf, noSuchJob } from './jobIdOf.ts';
import { jobView } from './jobView.ts';

/** `DELETE /api/jobs/:id/payload`: destroys the key of the job, so that nobody reads any more what it was about. */
export function erasePayload(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    if ((await findJob(id, deps)) === undefined) throw noSuchJob();
    if (!(await deps.log.contents.shred(id))) throw contentsInClear();
    deps.logger.info({ jobId: id, by: callerOf(res).actor }, 'the contents of a job were erased');
    const job = await findJob(id, deps);
    if (job === undefined) throw noSuchJob();
    // A job from before there were keys gets one with its result.
    if (!isShredded(job.payload)) throw contentsInClear();
    res.setHeader('ETag', entityTag(job.version));
    sendJson(res, 200, jobView(job));
  };
}

function contentsInClear(): Problem {
  const detail = 'it was created without PAYLOAD_KEYS, and nothing can be taken out of the log';
  return new Problem('contents-in-clear', { detail });
}
