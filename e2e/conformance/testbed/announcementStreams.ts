import assert from 'node:assert/strict';
import type { NatsConnection } from '@nats-io/transport-node';

/** The announcement of the job type under test, unchecked. */
interface StoredAnnouncement {
  readonly subject: string;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly message?: { readonly subject: string; readonly hdrs?: string; readonly data?: string };
  readonly error?: { readonly description: string };
}

const STREAMS = { WORKERS: 'workers.*', TYPES: 'types.*.*' };

/** Reads the newest announcement; fails if there is none. */
export async function readAnnouncement(nats: NatsConnection): Promise<StoredAnnouncement> {
  const query = JSON.stringify({ last_by_subj: 'types.conformance.*' });
  const { message } = await ask(nats, 'MSG.GET.TYPES', query);
  assert.ok(message, 'an announcement on types.conformance.<worker>');
  const lines = Buffer.from(message.hdrs ?? '', 'base64')
    .toString('latin1')
    .split('\r\n');
  const pairs = lines.map((line) => /^([^:]+): *(.*)$/.exec(line)).filter((match) => match !== null);
  return {
    subject: message.subject,
    headers: Object.fromEntries(pairs.map(([, name = '', value = '']) => [name.toLowerCase(), value])),
    body: JSON.parse(Buffer.from(message.data ?? '', 'base64').toString()) as Record<string, unknown>,
  };
}

/** Makes the server one of a release that knows no announcements. */
export async function deleteAnnouncementStreams(nats: NatsConnection): Promise<void> {
  for (const name of Object.keys(STREAMS)) await mustAsk(nats, `DELETE.${name}`, '');
}

/** Creates the streams again, with what matters to a worker. */
export async function createAnnouncementStreams(nats: NatsConnection): Promise<void> {
  for (const [name, subjects] of Object.entries(STREAMS)) {
    const settings = { name, subjects: [subjects], max_msgs_per_subject: 1, allow_msg_ttl: true };
    const common = { retention: 'limits', storage: 'memory', discard: 'old', num_replicas: 1 };
    await mustAsk(nats, `CREATE.${name}`, JSON.stringify({ ...settings, ...common }));
  }
}

async function mustAsk(nats: NatsConnection, what: string, body: string): Promise<void> {
  const { error } = await ask(nats, what, body);
  if (error !== undefined) throw new Error(`${what}: ${error.description}`);
}

async function ask(nats: NatsConnection, what: string, body: string): Promise<Answer> {
  return (await nats.request(`$JS.API.STREAM.${what}`, body, { timeout: 10_000 })).json<Answer>();
}
