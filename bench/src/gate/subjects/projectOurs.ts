import { newId } from '@jobstream/eventlog';
import { JobProjection, migrate, type ProjectableEntry } from '@jobstream/readmodel';
import { lifeOfJob } from '@jobstream/test-support';
import type { Subject } from './subject.ts';

const EVENTS_PER_BATCH = 4_998;

/** Whole lives of jobs, three events each, folded and written. */
export async function projectOurs(address: string): Promise<Subject> {
  await migrate(address);
  const projection = await JobProjection.open(address);
  while (!(await projection.tryAcquire()));
  let sequence = projection.lastSequence;
  let batches: ProjectableEntry[][] = [];
  return {
    async prepare(count) {
      const entries = Array.from({ length: count }, () => lifeOfJob(newId())).flat();
      const numbered = entries.map((event) => {
        sequence += 1;
        return { kind: 'event', sequence, recordedAt: event.at, event } as const;
      });
      batches = [];
      for (let at = 0; at < numbered.length; at += EVENTS_PER_BATCH)
        batches.push(numbered.slice(at, at + EVENTS_PER_BATCH));
    },
    async run() {
      await Promise.all(batches.map((batch) => projection.apply(batch)));
    },
  };
}
