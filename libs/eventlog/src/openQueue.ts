import type { LogSink } from './connection/logSink.ts';
import type { ServerClock } from './connection/serverClock.ts';
import type { EventLogParts } from './eventLogParts.ts';
import { JobQueue } from './queue/jobQueue.ts';
import type { JobQueueOptions, OpenQueue } from './queue/jobQueueOptions.ts';
import { ensureWorkConsumers } from './queue/consumers/workConsumers.ts';

/** Starts taking deliveries of a job type, from consumers that exist or that it creates; adds the queue to `queues`. */
export async function openQueue(
  options: JobQueueOptions & { readonly clock: ServerClock },
  { manager, connection, createsConsumers }: EventLogParts,
  { sink, queues }: { readonly sink: LogSink; readonly queues: Set<JobQueue> },
): Promise<OpenQueue> {
  const { jobType, ackWaitMs, concurrency, rate } = options;
  const create = () => ensureWorkConsumers(manager, { jobType, ackWaitMs, limits: { concurrency, rate } });
  if (createsConsumers) await create();
  const queue = new JobQueue(connection, options, sink);
  queues.add(queue);
  if (createsConsumers) {
    queue.start();
    await queue.watchLanes(manager);
  } else await queue.startWhenFound({ manager, create, sink });
  return queue;
}
