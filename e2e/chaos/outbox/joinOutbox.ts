import { hash } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Pool } from 'pg';
import { logBounds, type RawMessage, readRawMessages } from '../../harness/rawLog.ts';

/** The outer join of the orders and the JobCreated events. */
export interface OutboxJoin {
  readonly orders: number;
  readonly events: number;
  /** Events with a large payload, the note of an order. */
  readonly large: number;
  /** Orders without an event; each is its number, the id of its job, and the digest of its note. */
  readonly lost: readonly string[];
  /** Events without an order. */
  readonly phantoms: readonly string[];
  /** Events of a job that has one already. */
  readonly doubled: readonly string[];
  /** Rows that the relays have rejected. */
  readonly rejected: number;
}

/** The payload of a job: the number of its order, with a note in some. */
type Payload = number | { readonly order: number; readonly note: string };

const ORDERS = `SELECT concat_ws(' ', number, job_id, note_digest) AS key FROM public.orders`;
const CHUNK = 20_000;

/** Joins the table of orders and the raw messages of the log by the job's id, the number of the order, and its note. */
export async function joinOutbox(database: Pool, nats: NatsConnection): Promise<OutboxJoin> {
  const { rows } = await database.query<{ key: string }>(ORDERS);
  const { rows: rejected } = await database.query('SELECT FROM jobstream.outbox_rejected');
  const { created, ...counted } = await creationsOf(nats);
  const ordered = new Set(rows.map(({ key }) => key));
  return {
    orders: rows.length,
    ...counted,
    lost: [...ordered].filter((key) => !created.has(key)),
    phantoms: [...created].filter((key) => !ordered.has(key)),
    rejected: rejected.length,
  };
}

async function creationsOf(nats: NatsConnection) {
  const { firstSequence, lastSequence } = await logBounds(nats);
  const created = new Set<string>();
  const doubled: string[] = [];
  let [events, large] = [0, 0];
  for (let first = firstSequence; first <= lastSequence; first += CHUNK) {
    const messages = await readRawMessages(nats, first, Math.min(first + CHUNK - 1, lastSequence));
    for (const { key, isLarge } of messages.filter(isCreation).map(creationOf)) {
      if (created.has(key)) doubled.push(key);
      created.add(key);
      events += 1;
      if (isLarge) large += 1;
    }
  }
  return { created, doubled, events, large };
}

function isCreation({ subject }: RawMessage): boolean {
  return subject.endsWith('.created');
}

function creationOf({ body }: RawMessage): { readonly key: string; readonly isLarge: boolean } {
  const { jobId, data } = JSON.parse(body) as { jobId: string; data: { payload: Payload } };
  if (typeof data.payload !== 'object') return { key: `${data.payload} ${jobId}`, isLarge: false };
  const { order, note } = data.payload;
  return { key: `${order} ${jobId} ${hash('md5', note)}`, isLarge: true };
}
