import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** Creates the stream JOBS as releases up to 0.2 did: nobody can purge it. A system that is upgraded has such a log. */
export async function createEarlierLog(url: string): Promise<void> {
  const nats = await connect({ servers: url });
  try {
    const manager = await jetstreamManager(nats, { timeout: 60_000 });
    await manager.streams.add({
      name: 'JOBS',
      subjects: ['jobs.>', 'schedules.>'],
      storage: 'file',
      retention: 'limits',
      discard: 'new',
      num_replicas: 1,
      max_age: 0,
      allow_direct: true,
      allow_atomic: true,
      deny_delete: true,
      deny_purge: true,
      allow_rollup_hdrs: false,
      allow_msg_schedules: false,
    });
  } finally {
    await nats.close();
  }
}
