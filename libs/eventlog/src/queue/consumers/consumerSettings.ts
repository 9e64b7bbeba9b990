import { AckPolicy, DeliverPolicy, type ConsumerConfig } from '@nats-io/jetstream';
import { JOBS_STREAM, TIMERS_STREAM } from '../../streams/streams.ts';
import { dueSubject, tokenFilter } from '../../streams/jobSubjects.ts';
import type { StartRate } from '../admission/rateLimiter.ts';
import { type QueueLane, queueLanes } from './queueLane.ts';
import { laneNote } from './laneNote.ts';

export interface WorkConsumerOptions {
  readonly jobType: string;
  /** Default: what an existing consumer has, `newAckWaitMs` for a new one. */
  readonly ackWaitMs?: number | undefined;
  /** Default 10 s. */
  readonly newAckWaitMs?: number;
  /** The limits of one worker process, stored in the consumer's metadata for people to see. */
  readonly limits?: WorkLimits | undefined;
  /** The lanes that the type has; default none. */
  readonly lanes?: readonly QueueLane[] | undefined;
}

export interface WorkLimits {
  readonly concurrency: number;
  readonly rate?: StartRate | undefined;
}

/** A consumer and the stream that it reads. */
export interface DurableConsumer {
  readonly stream: string;
  readonly config: Partial<ConsumerConfig> & { readonly durable_name: string };
}

/** What a consumer of a job type delivers: jobs that are created or requeued, what a lane has of events, or what timers call for. */
type WorkSource = 'created' | 'requeued' | 'lane' | 'due';

/** A consumer of a job type. */
export interface WorkConsumer extends DurableConsumer {
  /** The subjects that it selects. */
  readonly filter: string;
  readonly source: WorkSource;
  /** Undefined for new, requeued and due jobs of normal priority. */
  readonly lane?: QueueLane | undefined;
}

/** Deliveries that all workers of a type may hold together; the server scans them all on each redelivery tick. */
const MAX_ACK_PENDING = 10_000;
/** Includes the timers that fired early, until their time comes. */
const MAX_ACK_PENDING_DUE = 50_000;
const ACK_WAIT_MS = 10_000;
export const NANOS_PER_MS = 1_000_000;
export const LIMITS_KEY = 'jobstream-limits';

/** How the names of the consumers by which a type is listed begin. */
export const WORKER_PREFIX = 'worker-';

/**
 * Returns the durable consumers of a job type, each with one filter: with two filters on JOBS, the server (2.15) scans all
 * subjects of the type whenever the log begins a new block, and stores nothing meanwhile: a second with 300,000 jobs.
 */
export function workConsumers(options: WorkConsumerOptions): WorkConsumer[] {
  const { jobType, lanes = [] } = options;
  const common = commonSettings(options);
  const ofEvents = (source: WorkSource, name: string, token: string, lane?: QueueLane): WorkConsumer => {
    const filter = tokenFilter(token, jobType);
    // As a list, to which the consumer with two filters of an earlier release can be updated.
    const config = { ...common, durable_name: name, filter_subjects: [filter] };
    if (source !== 'created' || lanes.length === 0) return { stream: JOBS_STREAM, source, lane, filter, config };
    const metadata = { ...common.metadata, ...laneNote(lanes) };
    return { stream: JOBS_STREAM, source, lane, filter, config: { ...config, metadata } };
  };
  const ofTimers = (name: string, lane?: 'high' | 'low'): WorkConsumer => {
    const filter = dueSubject(jobType, lane);
    const config = { ...common, durable_name: name, filter_subject: filter, max_ack_pending: MAX_ACK_PENDING_DUE };
    return { stream: TIMERS_STREAM, source: 'due', lane, filter, config };
  };
  return [
    ofEvents('requeued', `requeued-${jobType}`, 'requeued'),
    ofEvents('created', `${WORKER_PREFIX}${jobType}`, 'created'),
    ofTimers(`due-${jobType}`),
    ...lanes.flatMap((lane) => {
      if (lane === 'signalled') return ofEvents('lane', `calls-${jobType}`, lane, lane);
      const name = `${lane}-${jobType}`;
      return [ofEvents('lane', name, lane, lane), ofTimers(name, lane)];
    }),
  ];
}

/** Returns all consumers that a job type may have. */
export function possibleConsumers(jobType: string): WorkConsumer[] {
  return workConsumers({ jobType, lanes: queueLanes });
}

function commonSettings({ limits, ...wait }: WorkConsumerOptions): Partial<ConsumerConfig> {
  const { ackWaitMs = wait.newAckWaitMs ?? ACK_WAIT_MS } = wait;
  return {
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * NANOS_PER_MS,
    max_ack_pending: MAX_ACK_PENDING,
    max_deliver: -1,
    ...(limits === undefined ? {} : { metadata: { [LIMITS_KEY]: JSON.stringify(limits) } }),
  };
}
