import { randomUUIDv7 } from 'node:crypto';
import { EventLog } from '@jobstream/eventlog';
import { lifeOfJob } from '@jobstream/testing';

/**
 * How the events of the jobs are interleaved. `concurrent`: those of a job stand some hundred events apart, as workers
 * with a concurrency of 100 leave them. `backlog`: all jobs are created before the first one starts.
 */
export type LogShape = 'concurrent' | 'backlog';

/** So many appends are in flight, so the next event of a job comes after about as many others. */
const APART: Readonly<Record<LogShape, number>> = { concurrent: 300, backlog: 1_000 };

/** Fills the log with the lives of that many jobs, three events each. */
export async function fillLog(url: string, jobs: number, shape: LogShape): Promise<void> {
  const eventLog = new EventLog({ url, name: 'bench-fill', deadlineMs: 60_000 });
  await eventLog.start();
  const lives = Array.from({ length: jobs }, () => ({ jobId: randomUUIDv7(), sequence: 0 }));
  const append = async (life: (typeof lives)[number], from: number, to: number) => {
    for (const event of lifeOfJob(life.jobId).slice(from, to))
      life.sequence = await eventLog.append(event, life.sequence);
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
