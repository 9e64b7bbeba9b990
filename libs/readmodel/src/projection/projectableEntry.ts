import type { JobEvent } from '@jobstream/domain';

/** A message of the log as input of the projection; `other` only moves the checkpoint. */
export type ProjectableEntry =
  | {
      readonly kind: 'event';
      readonly sequence: number;
      readonly recordedAt: string;
      readonly event: JobEvent;
    }
  | {
      readonly kind: 'malformed';
      readonly sequence: number;
      readonly recordedAt: string;
      readonly subject: string;
      readonly reason: string;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'other'; readonly sequence: number };

export type ProjectableEvent = Extract<ProjectableEntry, { kind: 'event' }>;
