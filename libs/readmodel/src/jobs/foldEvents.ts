import { evolve } from '@jobstream/domain';
import type { Job, JobEvent, JobState } from '@jobstream/domain';
import type { ProjectableEvent } from '../projectableEntry.ts';

/** What a batch of events did to a job; `sequence` is that of its last event. */
export interface ChangedJob {
  readonly before: JobState;
  after: Job;
  sequence: number;
}

/** Where the states before the events come from, and who is told of each event that changed its job. */
export interface Folding {
  readonly stateBefore: (jobId: string) => JobState;
  readonly onEvent: (before: JobState, event: JobEvent) => void;
}

/** Folds the events, oldest first, onto the states before them: many events of a job become one change. */
export function foldEvents(
  events: readonly ProjectableEvent[],
  { stateBefore, onEvent }: Folding,
): readonly ChangedJob[] {
  const changes = new Map<string, ChangedJob>();
  for (const { event, sequence } of events) {
    const change = changes.get(event.jobId);
    if (change === undefined) {
      const before = stateBefore(event.jobId);
      const after = evolve(before, event);
      if (after !== before) onEvent(before, event);
      if (after !== undefined) changes.set(event.jobId, { before, after, sequence });
    } else {
      const before = change.after;
      change.after = evolve(before, event) ?? before;
      if (change.after !== before) onEvent(before, event);
      // Even an event that cannot follow on the state: it is the job's last one in the log.
      change.sequence = sequence;
    }
  }
  return [...changes.values()];
}
