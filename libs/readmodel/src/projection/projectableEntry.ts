import type { JobEvent, UnreadableEvent } from '@jobstream/domain';

/** A message that is quarantined. */
interface PutAside {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly subject: string;
  readonly reason: string;
  readonly body: Uint8Array;
}

/**
 * A message of the log as input of the projection. An `unreadable` event of a newer release is quarantined, and marks its
 * job; `malformed` ones are quarantined alone; `other` only moves the checkpoint.
 */
export type ProjectableEntry =
  | {
      readonly kind: 'event';
      readonly sequence: number;
      readonly recordedAt: string;
      readonly event: JobEvent;
    }
  | ({ readonly kind: 'unreadable'; readonly event: UnreadableEvent } & PutAside)
  | ({ readonly kind: 'malformed' } & PutAside)
  | { readonly kind: 'other'; readonly sequence: number };

/** An entry that changes a job. */
export type FoldableEntry = Extract<ProjectableEntry, { kind: 'event' | 'unreadable' }>;

export function isFoldable(entry: ProjectableEntry): entry is FoldableEntry {
  return entry.kind === 'event' || entry.kind === 'unreadable';
}

/** An entry that is quarantined. */
export type QuarantinedEntry = Extract<ProjectableEntry, { kind: 'malformed' | 'unreadable' }>;
