import { connect, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { DiscardPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE } from '../src/connection/headers.ts';
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

/** What a newer release may store as the first message of a job. */
interface FirstMessage {
  readonly token: string;
  readonly v: number;
  readonly event: string;
  readonly jobId: string;
  readonly jobType: string;
}

/** Stores the first message of a job, which the server compares with all of the job's subjects; returns its sequence. */
export function publishFirst(url: string, { token, ...event }: FirstMessage): Promise<number> {
  const body = JSON.stringify({ version: 1, data: {}, ...event });
  const filter = `jobs.*.${event.jobId}.>`;
  const expected = { [EXPECTED_SEQUENCE]: '0', [EXPECTED_FILTER]: filter };
  return publishRaw(url, `jobs.${event.jobType}.${event.jobId}.${token}`, body, expected);
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
