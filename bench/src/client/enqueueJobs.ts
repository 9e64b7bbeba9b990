import { monotonicMicros } from '../measure/monotonicMicros.ts';
import type { JobClient, Payload } from '../systems/jobSystem.ts';
import type { Command } from './command.ts';
import { inLanes } from '../measure/concurrency.ts';

type Wish<Name extends Command['do']> = Extract<Command, { do: Name }>;

/** Creates jobs by chunks, some chunks at once. */
export async function enqueueMany(client: JobClient, { count, chunk, inFlight }: Wish<'enqueueMany'>): Promise<void> {
  await inLanes(Math.ceil(count / chunk), inFlight, (index) => {
    const length = Math.min(chunk, count - index * chunk);
    return client.enqueueMany(Array.from({ length }, (_, offset) => payloadOf(index * chunk + offset)));
  });
}

/** Creates jobs one by one, some at once. */
export async function enqueueEach(client: JobClient, { count, inFlight }: Wish<'enqueueEach'>): Promise<void> {
  await inLanes(count, inFlight, (index) => client.enqueue(payloadOf(index)));
}

function payloadOf(n: number): Payload {
  return { n, dueAt: monotonicMicros() };
}
