import type { RecordedEvent } from './recordedEvent.ts';

/**
 * One message of the stream JOBS as a follower sees it. `malformed`: on a job's subject, but its body is no event.
 * `other`: not about a job (schedules); a follower only moves its position past it.
 * `bytes` is the size of its body.
 */
export type LogEntry =
  | ({ readonly kind: 'event'; readonly bytes: number; readonly traceparent?: string | undefined } & RecordedEvent)
  | {
      readonly kind: 'malformed';
      readonly sequence: number;
      readonly bytes: number;
      readonly recordedAt: string;
      readonly subject: string;
      readonly reason: string;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'other'; readonly sequence: number; readonly bytes: number };
