import { Router } from 'express';
import { addRoute } from '../addRoute.ts';
import type { ApiDeps } from '../apiDeps.ts';
import { jsonBody } from '../jsonBody.ts';
import { withinDeadline } from '../withinDeadline.ts';
import { listTypes } from './listTypes.ts';
import { pauseType } from './pauseType.ts';
import { resumeType } from './resumeType.ts';

/** Everything under `/api/types`. */
export function typeRoutes(deps: ApiDeps): Router {
  const router = Router();
  const body = jsonBody({ required: false });
  addRoute(router, '/api/types', { get: [withinDeadline(listTypes(deps))] });
  addRoute(router, '/api/types/:type/pause', { post: [...body, withinDeadline(pauseType(deps))] });
  addRoute(router, '/api/types/:type/resume', { post: [withinDeadline(resumeType(deps))] });
  return router;
}
