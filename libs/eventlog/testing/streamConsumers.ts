import { randomUUID } from 'node:crypto';
import { AckPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { JOBS_STREAM, TIMERS_STREAM } from '../src/streams/streams.ts';

const AT_ONCE = 100;
const INACTIVE_NS = 900_000_000_000;

/** Returns the names of all consumers of the streams JOBS and TIMERS. */
export function consumerNames(url: string): Promise<readonly string[]> {
  return withManager(url, async ({ consumers }) => {
    const names: string[] = [];
    for (const stream of [JOBS_STREAM, TIMERS_STREAM])
      for await (const { name } of consumers.list(stream)) names.push(name);
    return names;
  });
}

/** Creates consumers of the stream JOBS until the server refuses one; returns how to delete them. */
export async function exhaustConsumers(url: string): Promise<() => Promise<void>> {
  const names: string[] = [];
  await withManager(url, async ({ consumers }) => {
    const create = async () => {
      const name = `filler-${randomUUID()}`;
      const config = { name, ack_policy: AckPolicy.None, mem_storage: true, inactive_threshold: INACTIVE_NS };
      await consumers.add(JOBS_STREAM, config);
      names.push(name);
    };
    const isRefused = async () =>
      (await Promise.allSettled(Array.from({ length: AT_ONCE }, create))).some(({ status }) => status === 'rejected');
    while (!(await isRefused()));
  });
  return () =>
    withManager(url, async ({ consumers }) => {
      await Promise.all(names.map((name) => consumers.delete(JOBS_STREAM, name)));
    });
}

async function withManager<Result>(url: string, use: (manager: JetStreamManager) => Promise<Result>): Promise<Result> {
  const nats = await connect({ servers: url });
  try {
    return await use(await jetstreamManager(nats));
  } finally {
    await nats.close();
  }
}
