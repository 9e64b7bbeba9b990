import {
  AckPolicy,
  DeliverPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { isConsumerExists, isConsumerNotFound } from '../connection/serverErrors.ts';
import type { StartRate } from './admission/rateLimiter.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../streams/streams.ts';
import { createdSubject, dueSubject, requeuedSubject } from '../streams/jobSubjects.ts';

export interface WorkConsumerOptions {
  readonly jobType: string;
  readonly ackWaitMs?: number;
  /** What one worker process allows itself, noted on the consumer for people to see. */
  readonly limits?: WorkLimits | undefined;
}

export interface WorkLimits {
  readonly concurrency: number;
  readonly rate?: StartRate | undefined;
}

/** A consumer of a job type and the stream that it reads. */
export interface WorkConsumer {
  readonly stream: string;
  readonly config: Partial<ConsumerConfig> & { readonly durable_name: string };
}

/** Deliveries that all workers of a type may hold together; the server scans them all on each redelivery tick. */
const MAX_ACK_PENDING = 10_000;
/** Of a herd of timers, those that fired early are among them until their time comes. */
const MAX_ACK_PENDING_DUE = 50_000;
/** Until a worker starts and says otherwise. */
const ACK_WAIT_MS = 10_000;
const NANOS_PER_MS = 1_000_000;
const LIMITS_KEY = 'jobstream-limits';

export function workerConsumer(jobType: string): string {
  return `worker-${jobType}`;
}

export function requeuedConsumer(jobType: string): string {
  return `requeued-${jobType}`;
}

export function dueConsumer(jobType: string): string {
  return `due-${jobType}`;
}

/**
 * The durable consumers of a job type, each with one filter: with two filters on JOBS, the server (2.15) looks through all
 * subjects of the type whenever the log begins a new block, and stores nothing meanwhile: a second with 300,000 jobs.
 */
export function workConsumers({ jobType, ackWaitMs = ACK_WAIT_MS, limits }: WorkConsumerOptions): WorkConsumer[] {
  const common: Partial<ConsumerConfig> = {
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * NANOS_PER_MS,
    max_ack_pending: MAX_ACK_PENDING,
    max_deliver: -1,
    ...(limits === undefined ? {} : { metadata: { [LIMITS_KEY]: JSON.stringify(limits) } }),
  };
  // As lists, which the earlier consumers with two filters can be updated to.
  const [created, requeued] = [[createdSubject(jobType)], [requeuedSubject(jobType)]];
  const due = { filter_subject: dueSubject(jobType), max_ack_pending: MAX_ACK_PENDING_DUE };
  return [
    { stream: JOBS_STREAM, config: { ...common, durable_name: requeuedConsumer(jobType), filter_subjects: requeued } },
    { stream: JOBS_STREAM, config: { ...common, durable_name: workerConsumer(jobType), filter_subjects: created } },
    { stream: TIMERS_STREAM, config: { ...common, durable_name: dueConsumer(jobType), ...due } },
  ];
}

/**
 * Creates the durable consumers of a job type, or brings the settings of existing ones up to date. The server keeps
 * a pause whatever the settings say.
 */
export async function ensureWorkConsumers(manager: JetStreamManager, options: WorkConsumerOptions): Promise<void> {
  const pause = await pauseOf(manager, options.jobType);
  for (const { stream, config } of workConsumers(options)) {
    const created = await createConsumer(manager, { stream, config: { ...config, ...pause } });
    if (!created) await manager.consumers.update(stream, config.durable_name, config);
  }
}

/** For a consumer that is new to a paused type: one that an earlier release did not know, or that was deleted. */
async function pauseOf(manager: JetStreamManager, jobType: string): Promise<Pick<ConsumerConfig, 'pause_until'>> {
  const wanted = workConsumers({ jobType });
  const found = await Promise.all(
    wanted.map(({ stream, config }) => findConsumer(manager, stream, config.durable_name)),
  );
  const until = found.find((consumer) => consumer?.paused === true)?.config.pause_until;
  return until === undefined ? {} : { pause_until: until };
}

/** Creates a consumer; false if there is one of this name with other settings. */
export async function createConsumer(manager: JetStreamManager, { stream, config }: WorkConsumer): Promise<boolean> {
  try {
    await manager.consumers.add(stream, config);
    return true;
  } catch (error) {
    if (isConsumerExists(error)) return false;
    throw error;
  }
}

/** Undefined if there is none. */
export async function findConsumer(
  manager: JetStreamManager,
  stream: string,
  consumer: string,
): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(stream, consumer);
  } catch (error) {
    if (isConsumerNotFound(error)) return undefined;
    throw error;
  }
}

/** The limits that the worker that started last has noted. */
export function limitsOf({ metadata }: ConsumerConfig): WorkLimits | undefined {
  const noted = metadata?.[LIMITS_KEY];
  return noted === undefined ? undefined : (JSON.parse(noted) as WorkLimits);
}
