import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import { reservedFollowers } from '../../read/follow/reservedFollowers.ts';
import { TICK_SUBJECT } from '../../streams/scheduleSubjects.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../../streams/streams.ts';
import type { DurableConsumer } from './consumerSettings.ts';
import { ensureConsumer } from './oneConsumer.ts';
import { allInTurn } from './workConsumers.ts';

export const TRIGGER_CONSUMER = 'ticks';

const NANOS_PER_MS = 1_000_000;

/**
 * Creates the consumers that belong to no job type, or restores their settings: those of the triggers of schedules, and
 * those by which a process follows the log whose user may not create any.
 */
export async function ensureProcessConsumers(
  manager: JetStreamManager,
  { replicas, ackWaitMs }: { readonly replicas: number; readonly ackWaitMs: number },
): Promise<void> {
  const ensureFollower = (config: DurableConsumer['config']) => () =>
    ensureConsumer(manager, { stream: JOBS_STREAM, config });
  await allInTurn([
    () => ensureTriggerConsumer(manager, ackWaitMs),
    ...reservedFollowers(replicas).map((config) => ensureFollower(config)),
  ]);
}

/** Creates the durable consumer of all triggers, or updates its wait for acknowledgements. */
export async function ensureTriggerConsumer(manager: JetStreamManager, ackWaitMs: number): Promise<void> {
  const config = {
    durable_name: TRIGGER_CONSUMER,
    filter_subject: TICK_SUBJECT,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * NANOS_PER_MS,
    max_ack_pending: 1,
    max_deliver: -1,
  };
  await ensureConsumer(manager, { stream: TIMERS_STREAM, config });
}
