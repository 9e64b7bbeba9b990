import { randomUUIDv7 } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';

/**
 * How the events of the jobs are interleaved. `concurrent`: those of a job stand some hundred events apart, as workers
 * with a concurrency of 100 leave them. `backlog`: all jobs are created before the first one starts.
 */
export type LogShape = 'concurrent' | 'backlog';

/** So many appends are in flight, so the next event of a job comes after about as many others. */
const APART: Readonly<Record<LogShape, number>> = { concurrent: 300, backlog: 1_000 };

const actor = { kind: 'worker', id: 'bench' } as const;

/** Fills the log with the lives of that many jobs, three events each. */
export async function fillLog(url: string, jobs: number, shape: LogShape): Promise<void> {
  const eventLog = new EventLog({ url, name: 'bench-fill', deadlineMs: 60_000 });
  await eventLog.start();
  const lives = Array.from({ length: jobs }, () => ({ jobId: randomUUIDv7(), sequence: 0 }));
  const append = async (life: (typeof lives)[number], from: number, to: number) => {
    for (const event of lifeOf(life.jobId).slice(from, to)) life.sequence = await eventLog.append(event, life.sequence);
  };
  const each = (from: number, to: number) => inParallel(lives, APART[shape], (life) => append(life, from, to));
  if (shape === 'concurrent') await each(0, 3);
  else
    for (const [from, to] of [
      [0, 1],
      [1, 3],
    ] as const)
      await each(from, to);
  await eventLog.stop();
}

async function inParallel<Item>(
  items: readonly Item[],
  count: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

/** A job of usual size: created, started, completed. */
export function lifeOf(jobId: string): JobEvent[] {
  const common = { v: 1, jobId, jobType: 'email', at: new Date().toISOString(), actor } as const;
  const created = {
    payload: { to: 'user@example.com', subject: 'Hello', text: 'A mail of a usual length, more or less.' },
    maxAttempts: 3,
    backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 60_000, jitter: 0.2 },
    timeoutMs: 60_000,
    tags: [],
  } as const;
  const completed = { attempt: 1, result: { accepted: ['user@example.com'] }, durationMs: 5 };
  const [first, second, third] = [randomUUIDv7(), randomUUIDv7(), randomUUIDv7()];
  const started = { attempt: 1, worker: 'worker-1' };
  return [
    { ...common, id: first, version: 1, event: 'JobCreated', data: created },
    { ...common, id: second, version: 2, event: 'JobStarted', causationId: first, data: started },
    { ...common, id: third, version: 3, event: 'JobCompleted', data: completed },
  ];
}
