import type { RecordedEvent } from '@jobstream/eventlog';
import { jobEventView } from '../jobs/jobEventView.ts';

/** An event as `text/event-stream` has it: its sequence as id, its name as event, and the view of it as data. */
export function eventFrame(recorded: RecordedEvent): string {
  return `id: ${recorded.sequence}\nevent: ${recorded.event.event}\ndata: ${JSON.stringify(jobEventView(recorded))}\n\n`;
}

/** Moves the client's last event id without an event. */
export function positionFrame(sequence: number): string {
  return `id: ${sequence}\n\n`;
}
