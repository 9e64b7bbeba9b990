import { Router } from 'express';
import { addRoute } from '../addRoute.ts';
import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { getEvents } from './getEvents.ts';

/** What happens to all jobs. */
export function feedRoutes(deps: ApiDeps): Router {
  const router = Router();
  addRoute(router, '/api/events', { get: [needs('jobs:read', { acrossTenants: true }), getEvents(deps)] });
  return router;
}
