import { Router } from 'express';
import { addRoute } from '../../http/addRoute.ts';
import type { ApiDeps } from '../../apiDeps.ts';
import { jsonBody } from '../../http/jsonBody.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { needs } from '../needs.ts';
import { createKey } from './createKey.ts';
import { listKeys } from './listKeys.ts';
import { revokeKey } from './revokeKey.ts';

/** Everything under `/api/keys`. */
export function keyRoutes(deps: ApiDeps): Router {
  const router = Router();
  addRoute(router, '/api/keys', {
    get: [needs('admin'), withinDeadline(listKeys(deps))],
    post: [needs('admin'), ...jsonBody({ required: true }), withinDeadline(createKey(deps))],
  });
  addRoute(router, '/api/keys/:id', { delete: [needs('admin'), withinDeadline(revokeKey(deps))] });
  return router;
}
