import type { RecordedEvent } from '@jobstream/eventlog';
import type { Response } from 'express';
import { jobEventView } from '../jobs/view/jobEventView.ts';

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

/** An event as `text/event-stream` has it: its sequence as id, its name as event, and the view of it as data. */
export function eventFrame(recorded: RecordedEvent): string {
  return `id: ${recorded.sequence}\nevent: ${recorded.event.event}\ndata: ${JSON.stringify(jobEventView(recorded))}\n\n`;
}

/** Moves the client's last event id without an event. */
export function positionFrame(sequence: number): string {
  return `id: ${sequence}\n\n`;
}
