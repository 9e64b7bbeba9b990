import type { Metrics } from '@jobstream/runtime';
import type { Request, Response } from 'express';
import { isProbe, routeOf } from './routeOf.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30];

/** Measures requests by the pattern of their route, since clients make up paths. A feed counts when it ends. */
export function requestMetrics(metrics: Metrics) {
  const duration = metrics.histogram({
    name: 'jobstream_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labels: ['method', 'route', 'status'],
    buckets: BUCKETS,
  });
  let inFlight = 0;
  metrics.gauge({
    name: 'jobstream_http_requests_in_flight',
    help: 'Requests that wait for the end of their answer.',
    collect: (gauge) => gauge.set(inFlight),
  });
  return {
    begin(): void {
      inFlight += 1;
    },
    end(req: Request, res: Response, ms: number): void {
      inFlight -= 1;
      if (!isProbe(req)) duration.observe(labelsOf(req, res), ms / 1_000);
    },
  };
}

function labelsOf(req: Request, res: Response) {
  return {
    method: METHODS.has(req.method) ? req.method : 'other',
    route: routeOf(req),
    // The client disconnected before the response was sent.
    status: res.writableFinished ? `${Math.floor(res.statusCode / 100)}xx` : 'aborted',
  };
}
