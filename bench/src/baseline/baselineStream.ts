import { jetstreamManager, type JetStreamManager, StorageType } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

export const BASELINE_STREAM = 'BASELINE';

export interface BaselineStream {
  readonly nats: NatsConnection;
  readonly manager: JetStreamManager;
}

/** A connection, and a stream with the settings of ours beside it, for what the baseline writes. */
export async function openBaselineStream(url: string): Promise<BaselineStream> {
  const nats = await connect({ servers: url, noAsyncTraces: true });
  const manager = await jetstreamManager(nats, { checkAPI: false });
  await manager.streams.add({
    name: BASELINE_STREAM,
    subjects: ['baseline.>'],
    storage: StorageType.File,
    allow_direct: true,
    allow_atomic: true,
  });
  return { nats, manager };
}
