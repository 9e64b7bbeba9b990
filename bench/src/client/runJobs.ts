import { monotonicMicros } from '../measure/monotonicMicros.ts';
import { percentilesMs, type Percentiles } from '../measure/percentiles.ts';
import type { JobClient } from '../systems/jobSystem.ts';
import type { Command } from './command.ts';

type Work = Extract<Command, { do: 'work' }>;

/** Runs jobs that do nothing until as many have run as are expected; how long after their due time they started. */
export async function runJobs(client: JobClient, { concurrency, expected }: Work): Promise<Percentiles | undefined> {
  const waited: number[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  await client.work(concurrency, ({ dueAt }) => {
    waited.push(monotonicMicros() - dueAt);
    if (waited.length === expected) resolve();
    return Promise.resolve();
  });
  await done;
  return percentilesMs(waited);
}
