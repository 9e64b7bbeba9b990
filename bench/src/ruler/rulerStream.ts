import { connect, type NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager, StorageType, type JetStreamManager } from '@nats-io/jetstream';

export const RULER_STREAM = 'RULER';

export interface RulerStream {
  readonly nats: NatsConnection;
  readonly manager: JetStreamManager;
}

/** A connection, and a stream with the settings of ours beside it, for what the bare parts write. */
export async function openRulerStream(url: string): Promise<RulerStream> {
  const nats = await connect({ servers: url, noAsyncTraces: true });
  const manager = await jetstreamManager(nats, { checkAPI: false });
  await manager.streams.add({
    name: RULER_STREAM,
    subjects: ['ruler.>'],
    storage: StorageType.File,
    allow_direct: true,
    allow_atomic: true,
  });
  return { nats, manager };
}
