import type { Job } from '@jobstream/domain';
import type { Delivery } from '@jobstream/eventlog';
import type { RemoteLog } from '../world/remoteLog.ts';

/** The log with other methods. */
export function changed(log: RemoteLog, methods: Partial<RemoteLog>): RemoteLog {
  const own = (name: string | symbol) => (name in methods ? methods : log);
  return new Proxy(log, {
    get: (_target, name) => {
      const value: unknown = Reflect.get(own(name), name, own(name));
      return typeof value === 'function' ? (value as () => unknown).bind(own(name)) : value;
    },
  });
}

export function withDeliveries(log: RemoteLog, change: (delivery: Delivery) => Delivery | undefined): RemoteLog {
  return changed(log, {
    openQueue: ({ onDelivery, ...options }) =>
      log.openQueue({
        ...options,
        onDelivery: async (delivery) => {
          const other = change(delivery);
          return other === undefined ? true : onDelivery(other);
        },
      }),
  });
}

/** The log as a worker has it that reads another state of each job that waits. */
export function readingWaits(log: RemoteLog, read: (job: Job) => Job): RemoteLog {
  return changed(log, {
    readJob: async (jobId, jobType) => {
      const found = await log.readJob(jobId, jobType);
      return found?.job.status === 'waiting' ? { ...found, job: read(found.job) } : found;
    },
  });
}
