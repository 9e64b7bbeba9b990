import type { EventLog } from '@jobstream/eventlog';
import { JobProjection } from '@jobstream/readmodel';
import { eventually } from '@jobstream/test-support';

/** Projects the log to its end, or up to an event, as the projector does. */
export async function projectAll(log: EventLog, databaseUrl: string, last?: number): Promise<void> {
  const projection = await eventually(() => JobProjection.open(databaseUrl));
  try {
    if (!(await projection.tryAcquire())) throw new Error('another projection runs');
    await followTo(last ?? (await log.lastSequence()), log, projection);
  } finally {
    await projection.close();
  }
}

async function followTo(end: number, log: EventLog, projection: JobProjection): Promise<void> {
  if (projection.lastSequence >= end) return;
  const feed = log.follow({ after: projection.lastSequence });
  for await (const entries of feed) {
    await projection.apply(entries.filter(({ sequence }) => sequence <= end));
    if (projection.lastSequence >= end) break;
  }
  await feed.stop();
}
