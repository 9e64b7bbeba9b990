import type { Tracing } from '@jobstream/runtime';
import type { RequestHandler } from 'express';
import { isProbe, routeOf } from './routeOf.ts';

/**
 * Makes the middleware that records a span for each request, in the trace of its `traceparent` header if any; appends
 * of the request belong to it.
 */
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
      if (isProbe(req)) return;
      const route = routeOf(req);
      span.end({
        name: `${req.method} ${route}`,
        attributes: { 'http.route': route, 'http.response.status_code': res.statusCode },
        failure: res.statusCode >= 500 ? String(res.statusCode) : undefined,
      });
    });
    span.within(next);
  };
}
