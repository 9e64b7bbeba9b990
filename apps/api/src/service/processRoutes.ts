import type { Metrics, Readiness } from '@jobstream/runtime';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { allowAnyone, requireScope } from '../auth/requireScope.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';

/** The response of `GET /health/live`. */
const LiveView = Schema.Struct({ status: Schema.Literal('live') }).annotate({ identifier: 'Live' });

/** The response of `GET /health/ready`. */
const ReadyView = Schema.Struct({
  status: Schema.Literals(['ready', 'not ready', 'stopping']),
  parts: Schema.Record(Schema.String, Schema.Literals(['up', 'down'])),
  reasons: Schema.optional(
    Schema.Record(Schema.String, Schema.String).annotate({ description: 'Why a part is down, where it is known.' }),
  ),
  notes: Schema.optional(
    Schema.Record(Schema.String, Schema.String).annotate({
      description: 'What an operator should know although the process is ready, such as that jobs wait for an upgrade.',
    }),
  ),
}).annotate({ identifier: 'Ready' });

/** The response of `GET /`. */
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

const probeOperations = {
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
} as const satisfies Record<string, EndpointDocs>;

/**
 * Routes of the process itself: probes, which tell whether to restart it (live) and whether to send it requests (ready),
 * its metrics, and the entry point.
 */
export function processRoutes({ readiness, metrics }: Pick<ApiDeps, 'readiness' | 'metrics'>): readonly Route[] {
  const { live, ready, root, metrics: scrape } = probeOperations;
  const [anyone, read] = [allowAnyone(), requireScope('jobs:read', { acrossTenants: true })];
  return [
    { path: '/health/live', aliases: ['/livez'], get: { docs: live, handlers: [anyone, getLive] } },
    { path: '/health/ready', aliases: ['/readyz'], get: { docs: ready, handlers: [anyone, getReady(readiness)] } },
    { path: '/metrics', get: { docs: scrape, handlers: [read, getMetrics(metrics)] } },
    { path: '/', get: { docs: root, handlers: [anyone, getRoot] } },
  ];
}

const getRoot: RequestHandler = (_req, res) => {
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

/** `GET /metrics`: the metrics of this process in the text format of Prometheus. */
function getMetrics(metrics: Metrics): RequestHandler {
  return async (_req, res) => {
    const text = await metrics.text();
    res.setHeader('Content-Type', metrics.contentType);
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.setHeader('Cache-Control', 'no-store');
    res.end(text);
  };
}

const getLive: RequestHandler = (_req, res) => {
  const body: BodyOf<typeof LiveView> = { status: 'live' };
  res.setHeader('Cache-Control', 'no-store');
  sendJson(res, 200, body);
};

function getReady(readiness: Readiness): RequestHandler {
  return async (_req, res) => {
    const { ready, stopping, ...details } = await readiness.report();
    const status = stopping ? 'stopping' : ready ? 'ready' : 'not ready';
    const body: BodyOf<typeof ReadyView> = { status, ...details };
    res.setHeader('Cache-Control', 'no-store');
    sendJson(res, ready ? 200 : 503, body);
  };
}
