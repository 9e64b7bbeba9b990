import { Router } from 'express';
import { addRoute } from './addRoute.ts';
import type { ApiDeps } from './apiDeps.ts';
import { bulkChange } from './bulk/bulkChange.ts';
import { createJob } from './createJob.ts';
import { getJob } from './getJob.ts';
import { getJobEvents } from './getJobEvents.ts';
import { jsonBody } from './jsonBody.ts';
import { listJobs } from './listJobs.ts';
import { postChange } from './postChange.ts';
import { withinDeadline } from './withinDeadline.ts';

/** Everything under `/api/jobs`. */
export function jobRoutes(deps: ApiDeps): Router {
  const router = Router();
  const body = jsonBody({ required: true });
  const reason = jsonBody({ required: false });
  addRoute(router, '/api/jobs', {
    get: [withinDeadline(listJobs(deps))],
    post: [...body, withinDeadline(createJob(deps))],
  });
  addRoute(router, '/api/jobs/cancel', { post: [...body, bulkChange('CancelJob', deps)] });
  addRoute(router, '/api/jobs/retry', { post: [...body, bulkChange('RequeueJob', deps)] });
  addRoute(router, '/api/jobs/:id', { get: [withinDeadline(getJob(deps))] });
  addRoute(router, '/api/jobs/:id/events', { get: [withinDeadline(getJobEvents(deps))] });
  addRoute(router, '/api/jobs/:id/cancel', { post: [...reason, withinDeadline(postChange('CancelJob', deps))] });
  addRoute(router, '/api/jobs/:id/retry', { post: [...reason, withinDeadline(postChange('RequeueJob', deps))] });
  return router;
}
