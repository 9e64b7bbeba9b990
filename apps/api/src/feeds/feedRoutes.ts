import { Router } from 'express';
import { addRoute } from '../http/addRoute.ts';
import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { getStats } from '../stats/getStats.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { getEvents } from './getEvents.ts';

/** What concerns all jobs: what happens to them, and how many there are. */
export function feedRoutes(deps: ApiDeps): Router {
  const router = Router();
  addRoute(router, '/api/events', { get: [needs('jobs:read'), getEvents(deps)] });
  addRoute(router, '/api/stats', { get: [needs('jobs:read'), withinDeadline(getStats(deps))] });
  return router;
}
