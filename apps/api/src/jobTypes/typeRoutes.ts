import { Router } from 'express';
import { addRoute } from '../http/addRoute.ts';
import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { jsonBody } from '../http/jsonBody.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { listTypes } from './listTypes.ts';
import { pauseType } from './pauseType.ts';
import { resumeType } from './resumeType.ts';

/** Everything under `/api/types`. */
export function typeRoutes(deps: ApiDeps): Router {
  const router = Router();
  const read = needs('jobs:read', { acrossTenants: true });
  const change = needs('admin', { acrossTenants: true });
  const body = jsonBody({ required: false });
  addRoute(router, '/api/types', { get: [read, withinDeadline(listTypes(deps))] });
  addRoute(router, '/api/types/:type/pause', { post: [change, ...body, withinDeadline(pauseType(deps))] });
  addRoute(router, '/api/types/:type/resume', { post: [change, withinDeadline(resumeType(deps))] });
  return router;
}
