import { setTimeout as pause } from 'node:timers/promises';
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { Client } from 'pg';
import { BASELINE_STREAM, openBaselineStream } from './baselineStream.ts';
import { BASELINE_TABLE, type BaselineEvent, rowOf } from './baselineTable.ts';
import { copyRows } from './copyRows.ts';

/** Messages of one request; two are open, so that the server always has one to serve. */
const MESSAGES_PER_REQUEST = 10_000;
/** Between two writes, so that a write has many rows: the table is behind by about as much. */
const PAUSE_MS = 100;
const INBOX = 'reader.inbox';
const POSITION = 'UPDATE baseline_position SET sequence = sequence + $1';

/**
 * The least that keeps a table of finished jobs: events are parsed, a created job is remembered, and its row is copied in
 * once it has completed. Of a job that starts nothing is read.
 */
class BaselineReader {
  readonly #client: Client;
  readonly #created = new Map<string, BaselineEvent>();
  #rows = '';
  #events = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  take(message: Msg): void {
    this.#events += 1;
    if (message.subject.endsWith('.started')) return;
    const event = message.json<BaselineEvent>();
    const created = this.#created.get(event.jobId);
    if (created === undefined) {
      this.#created.set(event.jobId, event);
      return;
    }
    this.#rows += rowOf(created, event);
    this.#created.delete(event.jobId);
  }

  async write(): Promise<void> {
    const [rows, events] = [this.#rows, this.#events];
    if (events === 0) return;
    [this.#rows, this.#events] = ['', 0];
    await this.#client.query('BEGIN');
    if (rows !== '') await copyRows(this.#client, rows);
    await this.#client.query(POSITION, [events]);
    await this.#client.query('COMMIT');
  }
}

/** Hands all messages of the stream to `take`, those that come later too. */
async function follow(url: string, take: (message: Msg) => void): Promise<void> {
  const { nats, manager } = await openBaselineStream(url);
  const config = { name: 'reader', ack_policy: AckPolicy.None, deliver_policy: DeliverPolicy.All, mem_storage: true };
  await manager.consumers.add(BASELINE_STREAM, config);
  const request = JSON.stringify({ batch: MESSAGES_PER_REQUEST });
  const ask = () => nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${BASELINE_STREAM}.reader`, request, { reply: INBOX });
  let seen = 0;
  nats.subscribe(INBOX, {
    callback: (_error, message) => {
      take(message);
      seen += 1;
      if (seen % MESSAGES_PER_REQUEST === 0) ask();
    },
  });
  ask();
  ask();
}

const [natsUrl = '', databaseUrl = ''] = process.argv.slice(2);
const client = new Client({ connectionString: databaseUrl });
await client.connect();
await client.query(BASELINE_TABLE);
const reader = new BaselineReader(client);
await follow(natsUrl, (message) => reader.take(message));
for (;;) {
  await reader.write();
  await pause(PAUSE_MS);
}
