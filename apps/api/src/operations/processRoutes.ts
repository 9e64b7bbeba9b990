import type { Metrics, Readiness } from '@jobstream/runtime';
import { Schema } from 'effect';
import type { RequestHandler } from 'express';
import { allowAnyone, requireScope } from '../auth/requireScope.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { jsonContent, type Operation } from '../routes/operation.ts';
import type { Route } from '../routes/route.ts';

/** The answer of `GET /health/live`. */
export const LiveView = Schema.Struct({ status: Schema.Literal('live') }).annotate({ identifier: 'Live' });

/** The answer of `GET /health/ready`. */
export const ReadyView = Schema.Struct({
  status: Schema.Literals(['ready', 'not ready', 'stopping']),
  parts: Schema.Record(Schema.String, Schema.Literals(['up', 'down'])),
}).annotate({ identifier: 'Ready' });

/** What the answer of `GET /` has: where to go from here. */
const RootView = Schema.Struct({
  name: Schema.Literal('jobstream'),
  documentation: Schema.String,
  openapi: Schema.String,
  jobs: Schema.String,
  schedules: Schema.String,
  live: Schema.String,
  ready: Schema.String,
  metrics: Schema.String,
}).annotate({ identifier: 'Root' });

/** For those who watch the process rather than the jobs. */
export const probeOperations = {
  root: {
    id: 'getRoot',
    tag: 'operations',
    summary: 'Get the entry point',
    responses: { 200: { description: 'Links to the parts of the API.', content: jsonContent(RootView) } },
  },
  live: {
    id: 'getLive',
    tag: 'operations',
    summary: 'Check liveness',
    description: 'Whether the process responds. `/livez` is an alias.',
    responses: {
      200: { description: 'The process is live.', headers: ['Cache-Control'], content: jsonContent(LiveView) },
    },
  },
  ready: {
    id: 'getReady',
    tag: 'operations',
    summary: 'Check readiness',
    description: 'Whether the process should receive requests. `/readyz` is an alias.',
    responses: {
      200: { description: 'The process is ready.', headers: ['Cache-Control'], content: jsonContent(ReadyView) },
      503: {
        description: 'A part is down, or the process is shutting down.',
        headers: ['Cache-Control'],
        content: jsonContent(ReadyView),
      },
    },
  },
  metrics: {
    id: 'getMetrics',
    tag: 'operations',
    summary: 'Get the metrics of this process',
    responses: {
      200: {
        description: 'In the text format of Prometheus.',
        headers: ['Cache-Control'],
        content: { 'text/plain': {} },
      },
    },
  },
} as const satisfies Record<string, Operation>;

/** What this process is, and its figures. */
export function processRoutes(metrics: Metrics): readonly Route[] {
  const read = requireScope('jobs:read', { acrossTenants: true });
  return [
    { path: '/metrics', get: { operation: probeOperations.metrics, handlers: [read, getMetrics(metrics)] } },
    { path: '/', get: { operation: probeOperations.root, handlers: [allowAnyone(), answerRoot] } },
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

/** `GET /metrics`: the figures of this process as Prometheus reads them. */
function getMetrics(metrics: Metrics): RequestHandler {
  return async (_req, res) => {
    const text = await metrics.text();
    res.setHeader('Content-Type', metrics.contentType);
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.setHeader('Cache-Control', 'no-store');
    res.end(text);
  };
}

/** Probes for whoever restarts this process (live) and for whoever sends it requests (ready). */
export function healthRoutes(readiness: Readiness): readonly Route[] {
  return [
    {
      path: '/health/live',
      aliases: ['/livez'],
      get: { operation: probeOperations.live, handlers: [allowAnyone(), answerLive] },
    },
    {
      path: '/health/ready',
      aliases: ['/readyz'],
      get: { operation: probeOperations.ready, handlers: [allowAnyone(), answerReady(readiness)] },
    },
  ];
}

const answerLive: RequestHandler = (_req, res) => {
  const body: BodyOf<typeof LiveView> = { status: 'live' };
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, 200, body);
};

function answerReady(readiness: Readiness): RequestHandler {
  return async (_req, res) => {
    const { ready, parts, stopping } = await readiness.report();
    const status = stopping ? 'stopping' : ready ? 'ready' : 'not ready';
    const body: BodyOf<typeof ReadyView> = { status, parts };
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, ready ? 200 : 503, body);
  };
}
