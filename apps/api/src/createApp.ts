import express, { type Express } from 'express';
import type { ApiDeps } from './apiDeps.ts';
import { accessControl } from './auth/accessControl.ts';
import { crossOrigin } from './auth/crossOrigin.ts';
import { localRequestsOnly } from './auth/localRequestsOnly.ts';
import { feedRoutes } from './feeds/eventRoutes.ts';
import { arrivalDeadline } from './http/arrivalDeadline.ts';
import { handleError } from './http/handleError.ts';
import { secureHeaders } from './http/secureHeaders.ts';
import { typeRoutes } from './jobTypes/typeRoutes.ts';
import { batchRoutes, jobRoutes } from './jobs/jobRoutes.ts';
import { keyRoutes } from './keys/keyRoutes.ts';
import { documentRoutes } from './openapi/documentRoutes.ts';
import { healthRoutes, processRoutes } from './operations/processRoutes.ts';
import { Problem } from './problems/problem.ts';
import { rebuildRoutes } from './projections/rebuildRoutes.ts';
import { addRoute, type Route } from './routes/route.ts';
import { scheduleRoutes } from './schedules/scheduleRoutes.ts';
import { requestLog } from './telemetry/requestLog.ts';
import { requestMetrics } from './telemetry/requestMetrics.ts';
import { requestTrace } from './telemetry/requestTrace.ts';

/** The whole HTTP API, not yet listening. */
export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // versions are our entity tags; hashing every answer would cost more than it saves
  app.set('trust proxy', deps.auth.trustedProxies);
  app.locals['accessControl'] = accessControl(deps.auth, deps.keyCache);
  app.use(requestLog(deps.logger), requestMetrics(deps.metrics), requestTrace(deps.tracing), secureHeaders());
  app.use(arrivalDeadline(30_000));
  if (deps.auth.open) app.use(localRequestsOnly(deps.auth.corsOrigins));
  app.use(crossOrigin(deps.auth.corsOrigins));
  for (const route of routesOf(deps)) addRoute(app, route);
  app.use(() => {
    throw new Problem('path-not-found');
  });
  app.use(handleError);
  return app;
}

/** Every route there is. The description of them describes itself, too. */
export function routesOf(deps: ApiDeps): readonly Route[] {
  const routes: readonly Route[] = [
    ...batchRoutes(deps),
    ...jobRoutes(deps),
    ...feedRoutes(deps),
    ...scheduleRoutes(deps),
    ...typeRoutes(deps),
    ...keyRoutes(deps),
    ...rebuildRoutes(deps),
    ...healthRoutes(deps.readiness),
    ...processRoutes(deps.metrics),
    ...documentRoutes(() => routes),
  ];
  return routes;
}
