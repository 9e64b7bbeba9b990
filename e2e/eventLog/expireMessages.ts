import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually } from '@jobstream/testing';
import { expect } from 'vitest';

const MS = 1_000_000; // in nanoseconds

/** Lets the log forget all that it has now, as it does by itself when messages are older than `JOBS_MAX_AGE`. */
export async function forgetMessages(natsUrl: string): Promise<void> {
  const nats = await connect({ servers: natsUrl });
  try {
    const { streams } = await jetstreamManager(nats);
    const { config, state } = await streams.info('JOBS');
    await streams.update('JOBS', { ...config, max_age: 1_000 * MS, duplicate_window: 500 * MS });
    const isGone = async () => expect((await streams.info('JOBS')).state.first_seq).toBe(state.last_seq + 1);
    await eventually(isGone, { timeoutMs: 30_000 });
    await streams.update('JOBS', config);
  } finally {
    await nats.close();
  }
}
