import type { Tracing } from '@jobstream/runtime';
import type { RequestHandler } from 'express';
import { routeOf } from '../http/routeOf.ts';

/** Requests that say nothing about the system and come every few seconds. */
const PROBES: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics']);

/** Makes each request a span, in the trace of its `traceparent` header if it has one; what it appends belongs to it. */
export function requestTrace(tracing: Pick<Tracing, 'span'>): RequestHandler {
  return (req, res, next) => {
    const parent = req.headers['traceparent'];
    const span = tracing.span({
      name: req.method,
      kind: 'server',
      parent: typeof parent === 'string' ? parent : undefined,
      attributes: { 'http.request.method': req.method },
    });
    res.once('close', () => {
      const route = routeOf(req);
      if (PROBES.has(route)) return;
      span.end({
        name: `${req.method} ${route}`,
        attributes: { 'http.route': route, 'http.response.status_code': res.statusCode },
        failure: res.statusCode >= 500 ? String(res.statusCode) : undefined,
      });
    });
    span.within(next);
  };
}
