import { connect } from '@nats-io/transport-node';
import { DiscardPolicy, jetstreamManager } from '@nats-io/jetstream';
import { JOBS_STREAM } from '../src/streams/streams.ts';

/** Lets the log forget its oldest messages at once, as its age does it in time; appends are taken as before. */
export async function forgetAllBut(url: string, count: number): Promise<void> {
  const nats = await connect({ servers: url });
  try {
    const { streams } = await jetstreamManager(nats);
    await streams.update(JOBS_STREAM, { discard: DiscardPolicy.Old, max_msgs: count });
    await streams.update(JOBS_STREAM, { discard: DiscardPolicy.New, max_msgs: -1 });
  } finally {
    await nats.close();
  }
}
