import { Router } from 'express';
import { addRoute } from '../http/addRoute.ts';
import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { importJobs } from '../import/importJobs.ts';
import { jsonBody } from '../http/jsonBody.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { MAX_BATCH_BYTES } from './batchRequest.ts';
import { createBatch } from './createBatch.ts';

/** Where requests may take as long as they like to arrive. */
export const IMPORT_PATH = '/api/jobs/import';

/** Creating many jobs at once. These paths come before `/api/jobs/:id`, which would take them for ids. */
export function batchRoutes(deps: ApiDeps): Router {
  const router = Router();
  const write = needs('jobs:write');
  const body = jsonBody({ required: true, maxBytes: MAX_BATCH_BYTES });
  addRoute(router, '/api/jobs/batch', { post: [write, ...body, withinDeadline(createBatch(deps))] });
  addRoute(router, IMPORT_PATH, { post: [write, importJobs(deps)] });
  return router;
}
