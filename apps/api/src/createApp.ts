import express, { type Express } from 'express';
import type { ApiDeps } from './apiDeps.ts';
import type { AuditParts } from './audit/auditedChange.ts';
import { accessControl } from './auth/accessControl.ts';
import { crossOrigin } from './auth/crossOrigin.ts';
import { localRequestsOnly } from './http/checks/localRequestsOnly.ts';
import { dashboardPage } from './dashboard/dashboardPage.ts';
import { sessionRoutes } from './dashboard/sessionRoutes.ts';
import { failureRoutes } from './failures/failureRoutes.ts';
import { eventRoutes } from './feeds/eventRoutes.ts';
import { arrivalDeadline } from './http/checks/arrivalDeadline.ts';
import { checkAll, type Check } from './http/checks/checkAll.ts';
import { checkRequestHead } from './http/checks/checkRequestHead.ts';
import { handleError } from './http/handleError.ts';
import { secureHeaders } from './http/checks/secureHeaders.ts';
import { typeRoutes } from './jobTypes/typeRoutes.ts';
import { jobRoutes } from './jobs/jobRoutes.ts';
import { keyRoutes } from './keys/keyRoutes.ts';
import { documentRoutes } from './openapi/documentRoutes.ts';
import { auditRoutes } from './service/auditRoutes.ts';
import { processRoutes } from './service/processRoutes.ts';
import { Problem } from './problems/problem.ts';
import { verificationRoutes } from './projections/verificationRoutes.ts';
import { rebuildRoutes } from './projections/rebuildRoutes.ts';
import { addRoute, type Route } from './routes/route.ts';
import { scheduleRoutes } from './schedules/scheduleRoutes.ts';
import { statsRoutes } from './stats/statsRoutes.ts';
import { observeRequests } from './telemetry/observeRequests.ts';
import { workerRoutes } from './workers/workerRoutes.ts';

const ARRIVAL_MS = 30_000;

/** Makes the HTTP API as an Express app that is not listening yet. */
export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag'); // versions are our entity tags; hashing every response would cost more than it saves
  app.set('trust proxy', deps.auth.trustedProxies);
  app.locals['accessControl'] = accessControl(deps.auth, deps.keyCache);
  app.locals['limits'] = deps.limits;
  app.locals['log'] = deps.log;
  app.locals['audit'] = { trail: deps.auditTrail, clock: deps.log.clock } satisfies AuditParts;
  app.use(observeRequests(deps), checkAll(checksOf(deps)));
  if (deps.auth.corsOrigins.length > 0) app.use(crossOrigin(deps.auth.corsOrigins));
  for (const route of routesOf(deps)) addRoute(app, route);
  if (deps.dashboardDir !== undefined) app.use('/dashboard', dashboardPage(deps.dashboardDir));
  app.use(() => {
    throw new Problem('path-not-found');
  });
  app.use(handleError);
  return app;
}

function checksOf({ auth, logger }: ApiDeps): readonly Check[] {
  const checks = [secureHeaders(), arrivalDeadline(ARRIVAL_MS), checkRequestHead];
  if (!auth.open) return checks;
  logger.warn('AUTH is open: every client that reaches this address may do everything');
  return [...checks, localRequestsOnly(auth.corsOrigins)];
}

/** Returns all routes. The OpenAPI document describes its own route, too. */
function routesOf(deps: ApiDeps): readonly Route[] {
  const routes: readonly Route[] = [
    ...jobRoutes(deps),
    ...eventRoutes(deps),
    ...statsRoutes(deps),
    ...failureRoutes(deps),
    ...scheduleRoutes(deps),
    ...typeRoutes(deps),
    ...workerRoutes(deps),
    ...keyRoutes(deps),
    ...rebuildRoutes(deps),
    ...verificationRoutes(deps),
    ...auditRoutes(deps),
    ...processRoutes(deps),
    ...(deps.dashboardDir === undefined ? [] : sessionRoutes(deps)),
    ...documentRoutes(() => routes),
  ];
  return routes;
}
