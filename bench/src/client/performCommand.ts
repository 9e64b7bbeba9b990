import { setTimeout as pause } from 'node:timers/promises';
import { inLanes } from '../measure/concurrency.ts';
import { monotonicMicros } from '../measure/monotonicMicros.ts';
import { type WindowLatency, WindowedLatencies } from '../measure/windowedLatencies.ts';
import type { JobClient, Payload } from '../systems/jobSystem.ts';
import type { Command } from './command.ts';
import { CompletionWatch } from './completionWatch.ts';

/** Does what the bench asks for; the latencies that it saw, if it saw any. */
export function performCommand(client: JobClient, command: Command): Promise<readonly WindowLatency[] | void> {
  switch (command.do) {
    case 'enqueueMany':
      return enqueueMany(client, command);
    case 'enqueueEach':
      return enqueueEach(client, command);
    case 'offer':
      return offerJobs(client, command);
    case 'work':
      return runJobs(client, command);
  }
}

type Wish<Name extends Command['do']> = Extract<Command, { do: Name }>;

/** Creates jobs by chunks, some chunks at once. */
async function enqueueMany(client: JobClient, { count, chunk, inFlight }: Wish<'enqueueMany'>): Promise<void> {
  await inLanes(Math.ceil(count / chunk), inFlight, (index) => {
    const length = Math.min(chunk, count - index * chunk);
    return client.enqueueMany(Array.from({ length }, (_, offset) => payloadOf(index * chunk + offset)));
  });
}

/** Creates jobs one by one, some at once. */
async function enqueueEach(client: JobClient, { count, inFlight }: Wish<'enqueueEach'>): Promise<void> {
  await inLanes(count, inFlight, (index) => client.enqueue(payloadOf(index)));
}

function payloadOf(n: number): Payload {
  return { n, dueAt: monotonicMicros() };
}

type Offer = Extract<Command, { do: 'offer' }>;

/**
 * Creates jobs at a fixed rate, whatever the system does: a job that could not be created in time carries the time at
 * which it should have been, so that a stall counts for every job that it held up. Tells when samples were seen completed.
 */
async function offerJobs(client: JobClient, offer: Offer): Promise<readonly WindowLatency[]> {
  const { rate, count, windows, sampleEvery } = offer;
  const seen = new WindowedLatencies(windows);
  const watch = new CompletionWatch(client, (n, micros) => seen.add(n, micros));
  const began = monotonicMicros();
  const waiting: Promise<void>[] = [];
  for (let n = 0; n < count; n += 1) {
    const dueAt = began + Math.round((n * 1_000_000) / rate);
    while (monotonicMicros() < dueAt) await pause(dueAt - monotonicMicros() > 1_500 ? 1 : 0);
    waiting.push(create(n, dueAt));
  }
  await Promise.all(waiting);
  await watch.finish();
  return seen.all();

  async function create(n: number, dueAt: number): Promise<void> {
    const id = await client.enqueue({ n, dueAt });
    if (n >= windows.warmUp && sampleEvery > 0 && n % sampleEvery === 0) watch.add(id, { n, dueAt });
  }
}

type Work = Extract<Command, { do: 'work' }>;

/** Runs jobs that do nothing until as many have run as are expected; how long after their due time those in windows started. */
async function runJobs(
  client: JobClient,
  { concurrency, expected, windows }: Work,
): Promise<readonly WindowLatency[] | void> {
  const started = windows && new WindowedLatencies(windows);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  await client.work(concurrency, ({ n, dueAt }) => {
    started?.add(n, monotonicMicros() - dueAt);
    runs += 1;
    if (runs === expected) resolve();
    return Promise.resolve();
  });
  await done;
  return started?.all();
}
