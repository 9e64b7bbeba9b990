import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import type { ChangeCommand } from './applyCommand.ts';
import { changeJob } from './changeJob.ts';
import { commandContext } from './commandContext.ts';
import { decodeReason } from './decodeReason.ts';
import { entityTag } from '../http/entityTag.ts';
import { jobIdOf } from './jobIdOf.ts';
import { jobView } from './jobView.ts';
import { sendJson } from '../http/sendJson.ts';

/** `POST /api/jobs/:id/cancel` and `…/retry`: a command without more than a reason; answers the job after it. */
export function postChange(kind: ChangeCommand['kind'], deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = jobIdOf(req, res);
    const { reason } = decodeReason(req.body);
    const context = commandContext(res, Date.now());
    const job = await changeJob(id, { ...context, kind, ...(reason === undefined ? {} : { reason }) }, deps);
    deps.served.note(job);
    res.setHeader('ETag', entityTag(job.version));
    sendJson(res, 200, jobView(job));
  };
}
