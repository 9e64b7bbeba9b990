import { monotonicMicros } from '../measure/monotonicMicros.ts';
import { percentilesMs, type Percentiles } from '../measure/percentiles.ts';
import type { JobClient } from '../systems/jobSystem.ts';
import type { Command } from './command.ts';

type Work = Extract<Command, { do: 'work' }>;

/** Runs jobs that do nothing until as many have run as are expected; how long after their due time those that count started. */
export async function runJobs(
  client: JobClient,
  { concurrency, expected, warmUp = 0 }: Work,
): Promise<Percentiles | undefined> {
  const waited: number[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  await client.work(concurrency, ({ n, dueAt }) => {
    if (n >= warmUp) waited.push(monotonicMicros() - dueAt);
    runs += 1;
    if (runs === expected) resolve();
    return Promise.resolve();
  });
  await done;
  return percentilesMs(waited);
}
