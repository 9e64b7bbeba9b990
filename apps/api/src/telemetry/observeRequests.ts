import type { Logger, Metrics, Tracing } from '@jobstream/runtime';
import type { RequestHandler } from 'express';
import { giveRequestId, requestLog } from './requestLog.ts';
import { requestMetrics } from './requestMetrics.ts';
import { beginSpan, endSpan } from './requestTrace.ts';
import { isProbe } from './routeOf.ts';

interface Observers {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Pick<Tracing, 'span'>;
}

/** Makes the middleware that gives each request an id, and logs, measures and traces it when its answer is sent or given up. */
export function observeRequests({ logger, metrics, tracing }: Observers): RequestHandler {
  const log = requestLog(logger);
  const measure = requestMetrics(metrics);
  return (req, res, next) => {
    const begun = performance.now();
    giveRequestId(req, res);
    measure.begin();
    const span = beginSpan(tracing, req);
    res.on('close', () => {
      const ms = performance.now() - begun;
      log(req, res, ms);
      measure.end(req, res, ms);
      if (!isProbe(req)) endSpan(span, req, res);
    });
    span.within(next);
  };
}
