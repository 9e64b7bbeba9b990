import assert from 'node:assert/strict';
import { type Lane, lanes } from '@jobstream/domain';
import type { NatsConnection } from '@nats-io/transport-node';

/** What the server reports about a consumer, as far as it matters here. */
interface ConsumerInfo {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

const TIMEOUT = { timeout: 10_000 };
const NANOS_PER_MS = 1_000_000;

/** A consumer of the job type under test: its stream and name, what it selects, and how many deliveries may be unacknowledged. */
type SelectedWork = readonly [stream: string, name: string, filter: string, maxAckPending: number];

const CONSUMERS: readonly SelectedWork[] = [
  ['JOBS', 'worker-conformance', 'jobs.conformance.*.created', 10_000],
  ['JOBS', 'requeued-conformance', 'jobs.conformance.*.requeued', 10_000],
  ['TIMERS', 'due-conformance', 'timers.due.conformance', 50_000],
];

/** What has consumers of its own from its first event of a type on. */
export type LateLane = Lane | 'signalled';

const LATE_LANES: readonly LateLane[] = [...lanes, 'signalled'];

/** The two consumers of a priority other than normal, or the one of signals. */
function consumersOf(lane: LateLane): readonly SelectedWork[] {
  if (lane === 'signalled') return [['JOBS', 'calls-conformance', 'jobs.conformance.*.signalled', 10_000]];
  return [
    ['JOBS', `${lane}-conformance`, `jobs.conformance.*.${lane}`, 10_000],
    ['TIMERS', `${lane}-conformance`, `timers.${lane}.conformance`, 50_000],
  ];
}

/**
 * Creates the consumers as the API does, or sets how long existing ones wait for an acknowledgement: those of normal jobs, of
 * another priority, or of signals.
 */
export async function createWorkConsumers(nats: NatsConnection, ackWaitMs: number, lane?: LateLane): Promise<void> {
  for (const [stream, name, filter, maxAckPending] of lane === undefined ? CONSUMERS : consumersOf(lane)) {
    const config = {
      durable_name: name,
      filter_subject: filter,
      ack_policy: 'explicit',
      deliver_policy: 'all',
      ack_wait: ackWaitMs * NANOS_PER_MS,
      max_ack_pending: maxAckPending,
      max_deliver: -1,
    };
    const request = JSON.stringify({ stream_name: stream, config });
    const answer = await nats.request(`$JS.API.CONSUMER.CREATE.${stream}.${name}.${filter}`, request, TIMEOUT);
    assert.equal(answer.json<{ readonly error?: unknown }>().error, undefined, `${name} is created`);
  }
}

/** Removes the consumers, as the API does with those that no living worker needs. */
export async function removeWorkConsumers(nats: NatsConnection): Promise<void> {
  for (const [stream, name] of CONSUMERS) {
    const answer = await nats.request(`$JS.API.CONSUMER.DELETE.${stream}.${name}`, '', TIMEOUT);
    assert.equal(answer.json<{ readonly error?: unknown }>().error, undefined, `${name} is removed`);
  }
}

/** Keeps new jobs from workers until then, as a pause of their type does. */
export async function pauseNewJobs(nats: NatsConnection, until: Date): Promise<void> {
  const request = JSON.stringify({ pause_until: until.toISOString() });
  const answer = await nats.request('$JS.API.CONSUMER.PAUSE.JOBS.worker-conformance', request, TIMEOUT);
  assert.equal(answer.json<{ readonly error?: unknown }>().error, undefined, 'new jobs are paused');
}

/** The consumers of the job type under test that exist. */
export async function workConsumers(nats: NatsConnection): Promise<ConsumerInfo[]> {
  const found: ConsumerInfo[] = [];
  for (const [stream, consumer] of [...CONSUMERS, ...LATE_LANES.flatMap(consumersOf)]) {
    const answer = await nats.request(`$JS.API.CONSUMER.INFO.${stream}.${consumer}`, '', TIMEOUT);
    const info = answer.json<ConsumerInfo & { readonly error?: unknown }>();
    if (info.error === undefined) found.push(info);
  }
  return found;
}
