import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { dueConsumer, findConsumer, requeuedConsumer, workerConsumer } from './workConsumers.ts';

/** What the server says about the consumers of a job type; those that an earlier release did not make may be missing. */
export interface TypeConsumers {
  readonly jobType: string;
  readonly worker: ConsumerInfo;
  readonly requeued: ConsumerInfo | undefined;
  readonly due: ConsumerInfo | undefined;
}

/** Every type that has consumers, and all consumers of the stream TIMERS, that of alarms included. */
export interface ConsumerList {
  readonly types: readonly TypeConsumers[];
  readonly timers: readonly ConsumerInfo[];
}

export async function listConsumers(manager: JetStreamManager): Promise<ConsumerList> {
  const [jobs, timers] = await Promise.all([byName(manager, JOBS_STREAM), byName(manager, TIMERS_STREAM)]);
  const workers = [...jobs.values()].filter(({ name }) => name.startsWith(workerConsumer('')));
  const types = workers.map((worker) => {
    const jobType = worker.name.slice(workerConsumer('').length);
    const [requeued, due] = [jobs.get(requeuedConsumer(jobType)), timers.get(dueConsumer(jobType))];
    return { jobType, worker, requeued, due };
  });
  return { types, timers: [...timers.values()] };
}

/** Undefined for a type without consumers. */
export async function findTypeConsumers(
  manager: JetStreamManager,
  jobType: string,
): Promise<TypeConsumers | undefined> {
  const [worker, requeued, due] = await Promise.all([
    findConsumer(manager, JOBS_STREAM, workerConsumer(jobType)),
    findConsumer(manager, JOBS_STREAM, requeuedConsumer(jobType)),
    findConsumer(manager, TIMERS_STREAM, dueConsumer(jobType)),
  ]);
  return worker && { jobType, worker, requeued, due };
}

/** Those that are there. */
export function consumersOf({ worker, requeued, due }: TypeConsumers): readonly ConsumerInfo[] {
  return [worker, requeued, due].filter((info) => info !== undefined);
}

/** Jobs that no worker has got yet, and jobs that workers hold. */
export function loadOf(consumers: TypeConsumers): { readonly backlog: number; readonly inFlight: number } {
  const infos = consumersOf(consumers);
  return {
    backlog: infos.reduce((total, info) => total + info.num_pending, 0),
    inFlight: infos.reduce((total, info) => total + info.num_ack_pending, 0),
  };
}

async function byName(manager: JetStreamManager, stream: string): Promise<ReadonlyMap<string, ConsumerInfo>> {
  const infos = new Map<string, ConsumerInfo>();
  for await (const info of manager.consumers.list(stream)) infos.set(info.name, info);
  return infos;
}
