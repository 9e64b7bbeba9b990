import type { LogEntry, RecordedEvent } from '@jobstream/eventlog';
import type { Response } from 'express';
import { jobEventView } from '../jobs/view/jobEventView.ts';
import type { ShownOfErrors } from '../jobs/view/jobView.ts';

/** When a browser should reconnect after a feed has ended. */
const RETRY_MS = 1_000;

/** Starts a `text/event-stream` response and sends its head. */
export function openEventStream(res: Response): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('X-Accel-Buffering', 'no'); // keeps proxies from buffering events
  res.write(`retry: ${RETRY_MS}\n\n`);
}

/**
 * Whether the feed of all jobs has the entry: an event that follows the last message of its job. The state of every job would be too
 * much to keep in memory, so what else changes nothing is not found out.
 */
export function isShown(entry: LogEntry): entry is Extract<LogEntry, { kind: 'event' }> {
  return entry.kind === 'event' && entry.linked === true;
}

/** An event as a `text/event-stream` frame: its sequence as id, its name as event, and its view as data. */
export function eventFrame(recorded: RecordedEvent, shownOf: ShownOfErrors): string {
  const data = JSON.stringify(jobEventView(recorded, shownOf));
  return `id: ${recorded.sequence}\nevent: ${recorded.event.event}\ndata: ${data}\n\n`;
}

/** A frame that moves the client's last event id without an event. */
export function positionFrame(sequence: number): string {
  return `id: ${sequence}\n\n`;
}
