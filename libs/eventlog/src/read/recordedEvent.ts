import type { JobEvent } from '@jobstream/domain';

/** An event as the log keeps it: `sequence` is its place in the stream JOBS, `recordedAt` the server's clock. */
export interface RecordedEvent<Event = JobEvent> {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly event: Event;
}
