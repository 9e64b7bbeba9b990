import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMicros } from '../measure/monotonicMicros.ts';
import { percentilesMs, type Percentiles } from '../measure/percentiles.ts';
import type { JobClient } from '../systems/jobSystem.ts';
import type { Command } from './command.ts';
import { CompletionWatch } from './completionWatch.ts';

type Offer = Extract<Command, { do: 'offer' }>;

/**
 * Creates jobs at a fixed rate, whatever the system does: a job that could not be created in time carries the time at
 * which it should have been, so that a stall counts for every job that it held up. Tells when samples were seen completed.
 */
export async function offerJobs(client: JobClient, offer: Offer): Promise<Percentiles | undefined> {
  const { rate, seconds, warmUp, sampleEvery } = offer;
  const watch = new CompletionWatch(client);
  const began = monotonicMicros();
  const waiting: Promise<void>[] = [];
  for (let n = 0; n < warmUp + rate * seconds; n += 1) {
    const dueAt = began + Math.round((n * 1_000_000) / rate);
    while (monotonicMicros() < dueAt) await pause(dueAt - monotonicMicros() > 1_500 ? 1 : 0);
    waiting.push(create(n, dueAt));
  }
  await Promise.all(waiting);
  return percentilesMs(await watch.finish());

  async function create(n: number, dueAt: number): Promise<void> {
    const id = await client.enqueue({ n, dueAt });
    if (n >= warmUp && sampleEvery > 0 && n % sampleEvery === 0) watch.add(id, dueAt);
  }
}
