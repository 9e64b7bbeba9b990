import type { TracedSpan, Tracing } from '@jobstream/runtime';
import type { Request, Response } from 'express';
import { routeOf } from './routeOf.ts';

/** Begins the span of a request, in the trace of its `traceparent` header if any; appends of the request belong to it. */
export function beginSpan(tracing: Pick<Tracing, 'span'>, req: Request): TracedSpan {
  const parent = req.headers['traceparent'];
  return tracing.span({
    name: req.method,
    kind: 'server',
    parent: typeof parent === 'string' ? parent : undefined,
    attributes: { 'http.request.method': req.method },
  });
}

export function endSpan(span: TracedSpan, req: Request, res: Response): void {
  const route = routeOf(req);
  span.end({
    name: `${req.method} ${route}`,
    attributes: { 'http.route': route, 'http.response.status_code': res.statusCode },
    failure: res.statusCode >= 500 ? String(res.statusCode) : undefined,
  });
}
