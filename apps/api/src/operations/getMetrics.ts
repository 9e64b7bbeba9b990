import type { Metrics } from '@jobstream/runtime';
import type { RequestHandler } from 'express';

/** `GET /metrics`: the figures of this process as Prometheus reads them. */
export function getMetrics(metrics: Metrics): RequestHandler {
  return async (_req, res) => {
    const text = await metrics.text();
    res.setHeader('Content-Type', metrics.contentType);
    res.setHeader('Content-Length', Buffer.byteLength(text));
    res.setHeader('Cache-Control', 'no-store');
    res.end(text);
  };
}
