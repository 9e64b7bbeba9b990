import type { Metrics } from '@jobstream/runtime';
import type { Request, RequestHandler, Response } from 'express';
import { isProbe, routeOf } from './routeOf.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30];

/**
 * Makes the middleware that measures requests by the pattern of their route, since clients make up paths.
 *
 * A feed counts when it ends.
 */
export function requestMetrics(metrics: Metrics): RequestHandler {
  const duration = metrics.histogram({
    name: 'jobstream_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labels: ['method', 'route', 'status'],
    buckets: BUCKETS,
  });
  const inFlight = metrics.gauge({
    name: 'jobstream_http_requests_in_flight',
    help: 'Requests that wait for the end of their answer.',
  });
  return (req, res, next) => {
    const begun = performance.now();
    inFlight.inc();
    res.once('close', () => {
      inFlight.dec();
      if (!isProbe(req)) duration.observe(labelsOf(req, res), (performance.now() - begun) / 1_000);
    });
    next();
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
