import type { RequestHandler } from 'express';
import type { ApiDeps } from './apiDeps.ts';
import { jobIdOf, noSuchJob } from './jobIdOf.ts';
import { eventView } from './jobView.ts';
import { sendJson } from './sendJson.ts';

/** `GET /api/jobs/:id/events`: all that ever happened to the job, oldest first, from the log. */
export function getJobEvents({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const history = await log.readHistory(jobIdOf(req, res));
    if (history.length === 0) throw noSuchJob();
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items: history.map(eventView) });
  };
}
