import type { EventLog } from '@jobstream/eventlog';
import { PastProjection } from '@jobstream/readmodel';

/** Writes the past states of jobs up to the end of the log, as the projector's follower does. */
export async function followPast(log: EventLog, databaseUrl: string): Promise<void> {
  const projection = await PastProjection.open(databaseUrl);
  try {
    if (!(await projection.tryAcquire())) throw new Error('another follower runs');
    for (let after = projection.lastSequence; ;) {
      const entries = await log.readNext(after, 1_000);
      await projection.apply(entries);
      const last = entries.at(-1);
      if (last === undefined) return;
      after = last.sequence;
    }
  } finally {
    await projection.close();
  }
}
