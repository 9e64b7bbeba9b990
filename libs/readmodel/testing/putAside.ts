import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import type { ProjectableEntry, ReadableJob } from '@jobstream/readmodel';
import { entriesOf } from './jobEvents.ts';

/** As a release reads them that does not know the events with these sequences. */
export function entriesWithout(events: readonly JobEvent[], unread: ReadonlySet<number>): ProjectableEntry[] {
  return entriesOf(events).map((entry) => {
    if (entry.kind !== 'event' || !unread.has(entry.sequence)) return entry;
    const { sequence, recordedAt, event } = entry;
    const { jobId, jobType, version, event: name } = event;
    return {
      kind: 'unreadable',
      sequence,
      recordedAt,
      subject: `jobs.${jobType}.${jobId}.news`,
      reason: 'newer',
      body: Buffer.from(encodeJobEvent(event)),
      event: { event: 'UnreadableEvent', name, jobId, jobType, version },
    };
  });
}

/** As a release reads them that knows all events. */
export async function readableJobs(events: readonly JobEvent[], unread: ReadonlySet<number>): Promise<ReadableJob[]> {
  const recorded = events.map((event, index) => ({ sequence: index + 1, event }));
  const jobs = Map.groupBy(recorded, ({ event }) => event.jobId);
  return [...jobs].map(([jobId, all]) => ({
    jobId,
    history: all,
    readNow: new Set(all.map(({ sequence }) => sequence).filter((sequence) => unread.has(sequence))),
  }));
}
