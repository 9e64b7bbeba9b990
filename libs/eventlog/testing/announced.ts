import type { TypeAnnouncement } from '../src/announcements/typeAnnouncement.ts';
import type { WorkerHeartbeat } from '../src/announcements/workerHeartbeat.ts';

const startedAt = '2026-11-27T08:00:00.000Z';

/** Returns an announcement of the type `thumbnail` by `worker`. */
export function announced(worker: string, changes: Partial<TypeAnnouncement> = {}): TypeAnnouncement {
  return { type: 'thumbnail', worker, host: 'build-7', startedAt, limits: { concurrency: 20 }, ...changes };
}

/** Returns a heartbeat of an idle worker that runs the type `thumbnail`. */
export function beating(worker: string, changes: Partial<WorkerHeartbeat> = {}): WorkerHeartbeat {
  const idle = { runningCount: 0, running: [] };
  return { worker, host: 'build-7', pid: 4711, startedAt, types: ['thumbnail'], ...idle, ...changes };
}
