import type { Metrics } from '@jobstream/runtime';
import type { RequestHandler } from 'express';
import { needs, needsNothing } from '../auth/needs.ts';
import type { BodyOf } from '../http/bodyOf.ts';
import type { Route } from '../http/route.ts';
import { sendJson } from '../http/sendJson.ts';
import { getMetrics } from './getMetrics.ts';
import { probeOperations, type RootView } from './probeOperations.ts';

/** What this process is, and its figures. */
export function processRoutes(metrics: Metrics): readonly Route[] {
  const read = needs('jobs:read', { acrossTenants: true });
  return [
    { path: '/metrics', get: { operation: probeOperations.metrics, handlers: [read, getMetrics(metrics)] } },
    { path: '/', get: { operation: probeOperations.root, handlers: [needsNothing(), answerRoot] } },
  ];
}

const answerRoot: RequestHandler = (_req, res) => {
  const body: BodyOf<typeof RootView> = {
    name: 'jobstream',
    documentation: '/docs',
    openapi: '/openapi.json',
    jobs: '/api/jobs',
    schedules: '/api/schedules',
    live: '/health/live',
    ready: '/health/ready',
    metrics: '/metrics',
  };
  sendJson(res, 200, body);
};
