import { randomUUID } from 'node:crypto';
import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import { JOBS_STREAM } from '../../streams/streams.ts';

/** The server deletes the consumer after this time. */
const INACTIVE_NS = 1_000_000_000;

/**
 * Finds out whether the log can be followed, by a consumer as a follower has it: the server allows a stream 1,000.
 *
 * @returns true, or why it cannot.
 */
export async function whyNotFollowed({ consumers }: JetStreamManager): Promise<true | string> {
  try {
    await consumers.add(JOBS_STREAM, {
      name: `probe-${randomUUID()}`,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.New,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE_NS,
    });
    return true;
  } catch (error) {
    return `the log cannot be followed: ${(error as Error).message}`;
  }
}
