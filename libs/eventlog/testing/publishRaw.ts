import { connect, headers } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';

/** Stores a message as a foreign client would; returns its sequence. */
export async function publishRaw(
  url: string,
  subject: string,
  body: string,
  expected?: Record<string, string>,
): Promise<number> {
  const nats = await connect({ servers: url });
  try {
    const header = headers();
    for (const [name, value] of Object.entries(expected ?? {})) header.set(name, value);
    return (await jetstream(nats).publish(subject, body, { headers: header })).seq;
  } finally {
    await nats.close();
  }
}
