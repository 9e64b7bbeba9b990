import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { announcementSettings } from '../src/streams/streams.ts';

/** Creates the streams of announcements, with heartbeats that expire after a second. */
export async function createWithQuickExpiry(url: string): Promise<void> {
  const nats = await connect({ servers: url });
  const { streams } = await jetstreamManager(nats);
  for (const settings of announcementSettings(1)) {
    const isWorkers = settings.name === 'WORKERS';
    await streams.add(isWorkers ? { ...settings, max_age: 1_000_000_000, duplicate_window: 1_000_000_000 } : settings);
  }
  await nats.close();
}
