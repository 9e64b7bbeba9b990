import type { LogEntry, RecordedEvent } from '@jobstream/eventlog';
import { jobEventView } from '../jobs/view/jobEventView.ts';
import type { ShownOfErrors } from '../jobs/view/jobView.ts';

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
