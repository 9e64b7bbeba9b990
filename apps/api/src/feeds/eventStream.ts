import type { Response } from 'express';

/** How soon a browser should come back after a feed has ended. */
const RETRY_MS = 1_000;

/** Begins an answer of `text/event-stream`, and sends its head at once. */
export function openEventStream(res: Response): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Accel-Buffering', 'no'); // a proxy that gathers events would defeat their purpose
  res.write(`retry: ${RETRY_MS}\n\n`);
}
