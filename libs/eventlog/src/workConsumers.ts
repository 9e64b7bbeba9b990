import { AckPolicy, DeliverPolicy, type ConsumerConfig, type JetStreamManager } from '@nats-io/jetstream';
import { JOBS_STREAM, TIMERS_STREAM } from './streams.ts';
import { dueSubject, workSubjects } from './subjects.ts';

/** Deliveries that all workers of a type may hold together; the server scans them all on each redelivery tick. */
const MAX_ACK_PENDING = 10_000;
const NANOS_PER_MS = 1_000_000;

export function workerConsumer(jobType: string): string {
  return `worker-${jobType}`;
}

export function dueConsumer(jobType: string): string {
  return `due-${jobType}`;
}

/** Creates the two durable consumers of a job type, or brings the wait for acknowledgements of existing ones up to date. */
export async function ensureWorkConsumers(
  manager: JetStreamManager,
  { jobType, ackWaitMs }: { jobType: string; ackWaitMs: number },
): Promise<void> {
  const common: Partial<ConsumerConfig> = {
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * NANOS_PER_MS,
    max_ack_pending: MAX_ACK_PENDING,
    max_deliver: -1,
  };
  await manager.consumers.add(JOBS_STREAM, {
    ...common,
    durable_name: workerConsumer(jobType),
    filter_subjects: workSubjects(jobType),
  });
  await manager.consumers.add(TIMERS_STREAM, {
    ...common,
    durable_name: dueConsumer(jobType),
    filter_subject: dueSubject(jobType),
  });
}
