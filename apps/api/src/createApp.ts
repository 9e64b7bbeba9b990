import express, { type Express, type RequestHandler } from 'express';
import { addRoute } from './http/addRoute.ts';
import { arrivalDeadline } from './http/arrivalDeadline.ts';
import type { ApiDeps } from './apiDeps.ts';
import { accessControl } from './auth/accessControl.ts';
import { crossOrigin } from './auth/crossOrigin.ts';
import { keyRoutes } from './auth/keys/keyRoutes.ts';
import { localRequestsOnly } from './auth/localRequestsOnly.ts';
import { needs, needsNothing } from './auth/needs.ts';
import { batchRoutes, IMPORT_PATH } from './batch/batchRoutes.ts';
import { feedRoutes } from './feeds/feedRoutes.ts';
import { getMetrics } from './operations/getMetrics.ts';
import { handleError } from './problems/handleError.ts';
import { healthRoutes } from './operations/healthRoutes.ts';
import { jobRoutes } from './jobs/jobRoutes.ts';
import { typeRoutes } from './jobTypes/typeRoutes.ts';
import { Problem } from './problems/problem.ts';
import { requestLog } from './operations/requestLog.ts';
import { requestMetrics } from './operations/requestMetrics.ts';
import { requestTrace } from './operations/requestTrace.ts';
import { scheduleRoutes } from './schedules/scheduleRoutes.ts';
import { secureHeaders } from './http/secureHeaders.ts';
import { sendJson } from './http/sendJson.ts';

/** The whole HTTP API, not yet listening. */
export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // versions are our entity tags; hashing every answer would cost more than it saves
  app.set('trust proxy', deps.auth.trustedProxies);
  app.locals['accessControl'] = accessControl(deps.auth, deps.ring);
  app.use(requestLog(deps.logger), requestMetrics(deps.metrics), requestTrace(deps.tracing), secureHeaders());
  app.use(arrivalDeadline({ ms: 30_000, except: [IMPORT_PATH] }));
  if (deps.auth.open) app.use(localRequestsOnly(deps.auth.corsOrigins));
  app.use(crossOrigin(deps.auth.corsOrigins));
  app.use(batchRoutes(deps));
  app.use(jobRoutes(deps));
  app.use(feedRoutes(deps));
  app.use(scheduleRoutes(deps));
  app.use(typeRoutes(deps));
  app.use(keyRoutes(deps));
  app.use(healthRoutes(deps.readiness));
  addRoute(app, '/metrics', { get: [needs('jobs:read', { acrossTenants: true }), getMetrics(deps.metrics)] });
  addRoute(app, '/', { get: [needsNothing(), answerRoot] });
  app.use(() => {
    throw new Problem('path-not-found');
  });
  app.use(handleError);
  return app;
}

const answerRoot: RequestHandler = (_req, res) => {
  sendJson(res, 200, {
    name: 'jobstream',
    documentation: 'docs/api.md',
    jobs: '/api/jobs',
    schedules: '/api/schedules',
    live: '/health/live',
    ready: '/health/ready',
    metrics: '/metrics',
  });
};
