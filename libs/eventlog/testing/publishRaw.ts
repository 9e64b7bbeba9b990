import { connect, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { DiscardPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { JOBS_STREAM } from '../src/streams/streams.ts';

/** Stores a message as a client in another language would, also with header names that are none; returns its sequence. */
export function publishRaw(url: string, subject: string, body: string, fields: Record<string, string> = {}) {
  return withConnection(url, async (nats) => {
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const bytes = Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`);
    const headers = { encode: () => bytes } as unknown as MsgHdrs;
    return (await jetstream(nats).publish(subject, body, { headers })).seq;
  });
}

/** Removes all but the newest `count` messages from the log, as its maximum age would; appends are taken as before. */
export function expireAllBut(url: string, count: number): Promise<void> {
  return withConnection(url, async (nats) => {
    const { streams } = await jetstreamManager(nats);
    await streams.update(JOBS_STREAM, { discard: DiscardPolicy.Old, max_msgs: count });
    await streams.update(JOBS_STREAM, { discard: DiscardPolicy.New, max_msgs: -1 });
  });
}

async function withConnection<Result>(url: string, use: (nats: NatsConnection) => Promise<Result>): Promise<Result> {
  const nats = await connect({ servers: url });
  try {
    return await use(nats);
  } finally {
    await nats.close();
  }
}
