import { Router } from 'express';
import { addRoute } from '../http/addRoute.ts';
import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { ownJob } from '../auth/ownJob.ts';
import { bulkChange } from '../bulk/bulkChange.ts';
import { createJob } from './createJob.ts';
import { getJob } from './getJob.ts';
import { getJobEvents } from './getJobEvents.ts';
import { jsonBody } from '../http/jsonBody.ts';
import { listJobs } from './listJobs.ts';
import { postChange } from './postChange.ts';
import { withinDeadline } from '../http/withinDeadline.ts';

/** Everything under `/api/jobs`. */
export function jobRoutes(deps: ApiDeps): Router {
  const router = Router();
  const [read, write] = [needs('jobs:read'), needs('jobs:write')];
  const own = ownJob(deps);
  const body = jsonBody({ required: true });
  const reason = jsonBody({ required: false });
  addRoute(router, '/api/jobs', {
    get: [read, withinDeadline(listJobs(deps))],
    post: [write, ...body, withinDeadline(createJob(deps))],
  });
  addRoute(router, '/api/jobs/cancel', { post: [write, ...body, bulkChange('CancelJob', deps)] });
  addRoute(router, '/api/jobs/retry', { post: [write, ...body, bulkChange('RequeueJob', deps)] });
  addRoute(router, '/api/jobs/:id', { get: [read, own, getJob(deps)] });
  addRoute(router, '/api/jobs/:id/events', { get: [read, own, getJobEvents(deps)] });
  addRoute(router, '/api/jobs/:id/cancel', {
    post: [write, own, ...reason, withinDeadline(postChange('CancelJob', deps))],
  });
  addRoute(router, '/api/jobs/:id/retry', {
    post: [write, own, ...reason, withinDeadline(postChange('RequeueJob', deps))],
  });
  return router;
}
