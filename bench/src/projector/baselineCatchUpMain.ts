import { AckPolicy, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Client } from 'pg';
import { BASELINE_TABLE, type BaselineEvent, rowOf, STATUS } from '../baseline/baselineTable.ts';
import { copyRows } from '../baseline/copyRows.ts';

const STREAM = 'JOBS';

const CONSUMER = 'baseline';

const EVENTS_PER_BATCH = 10_000;

const UPDATE = `
  UPDATE baseline_jobs SET status = new.status, result = new.result, attempts = new.attempts, updated_at = new.at,
    version = new.version
  FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::int[], $5::timestamptz[], $6::bigint[])
    AS new (id, status, result, attempts, at, version)
  WHERE baseline_jobs.id = new.id`;

/**
 * The least that keeps a table of jobs up to date: messages are parsed, of each job in a batch the last event counts, and
 * rows of nine columns with three indexes are copied in and updated by two statements. The next batch is made meanwhile.
 */
async function baselineCatchUp(natsUrl: string, databaseUrl: string, end: number): Promise<void> {
  const [nats, client] = [await connect({ servers: natsUrl }), new Client({ connectionString: databaseUrl })];
  await client.connect();
  await client.query(BASELINE_TABLE);
  let writing: Promise<unknown> = Promise.resolve();
  for await (const batch of batches(nats, end)) {
    const changes = changesOf(batch);
    await writing;
    writing = write(client, changes, batch.length);
  }
  await writing;
  await client.end();
  await nats.close();
}

/** All events to the sequence `end`, in batches. Two requests are open, so that the server always has one to serve. */
async function* batches(nats: NatsConnection, end: number): AsyncGenerator<readonly BaselineEvent[]> {
  const manager = await jetstreamManager(nats);
  const config = { name: CONSUMER, ack_policy: AckPolicy.None, deliver_policy: DeliverPolicy.All, mem_storage: true };
  await manager.consumers.add(STREAM, config);
  let arrived: BaselineEvent[] = [];
  let news = Promise.withResolvers<void>();
  const inbox = 'baseline.inbox';
  const ask = () => {
    const request = JSON.stringify({ batch: EVENTS_PER_BATCH, expires: 30_000_000_000 });
    nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${STREAM}.${CONSUMER}`, request, { reply: inbox });
  };
  let seen = 0;
  nats.subscribe(inbox, {
    callback: (_error, message) => {
      if (message.subject === inbox) return;
      arrived.push(message.json<BaselineEvent>());
      seen += 1;
      if (seen % EVENTS_PER_BATCH === 0 || seen === end) news.resolve();
    },
  });
  ask();
  for (let taken = 0; taken < end;) {
    ask();
    if (arrived.length < EVENTS_PER_BATCH && seen < end) await news.promise;
    const batch = arrived.slice(0, EVENTS_PER_BATCH);
    arrived = arrived.slice(EVENTS_PER_BATCH);
    news = Promise.withResolvers();
    taken += batch.length;
    yield batch;
  }
}

interface Changes {
  /** Rows in the text format of COPY. */
  readonly inserted: string;
  /** An array for each parameter of the update. */
  readonly updated: readonly string[];
}

function changesOf(events: readonly BaselineEvent[]): Changes {
  const created = new Map<string, BaselineEvent>();
  const last = new Map<string, BaselineEvent>();
  for (const event of events) {
    if (event.event === 'JobCreated') created.set(event.jobId, event);
    last.set(event.jobId, event);
  }
  const moved = [...last.values()].filter(({ jobId }) => !created.has(jobId));
  return {
    inserted: [...created.values()].map((event) => rowOf(event, last.get(event.jobId) ?? event)).join(''),
    updated: moved.length === 0 ? [] : updateOf(moved),
  };
}

function updateOf(moved: readonly BaselineEvent[]): readonly string[] {
  return [
    plain(moved.map(({ jobId }) => jobId)),
    plain(moved.map(({ event }) => STATUS[event])),
    json(moved.map(({ data }) => data.result)),
    plain(moved.map(({ data }) => data.attempt ?? 0)),
    plain(moved.map(({ at }) => at)),
    plain(moved.map(({ version }) => version)),
  ];
}

function plain(values: readonly unknown[]): string {
  return `{${values.join(',')}}`;
}

function json(values: readonly unknown[]): string {
  const texts = values.map((value) => {
    return value === undefined ? 'NULL' : `"${JSON.stringify(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  });
  return plain(texts);
}

async function write(client: Client, { inserted, updated }: Changes, events: number): Promise<void> {
  await client.query('BEGIN');
  if (inserted !== '') await copyRows(client, inserted);
  if (updated.length > 0) await client.query({ name: 'update', text: UPDATE, values: [...updated] });
  await client.query('UPDATE baseline_position SET sequence = sequence + $1', [events]);
  await client.query('COMMIT');
}

const started = performance.now();
const [nats = '', database = '', last = '0'] = process.argv.slice(2);
await baselineCatchUp(nats, database, Number(last));
console.log((performance.now() - started) / 1_000);
