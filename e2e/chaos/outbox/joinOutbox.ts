import type { NatsConnection } from '@nats-io/transport-node';
import type { Pool } from 'pg';
import { logBounds, type RawMessage, readRawMessages } from '../../harness/rawLog.ts';

/** The outer join of the orders and the JobCreated events. */
export interface OutboxJoin {
  readonly orders: number;
  readonly events: number;
  /** Orders without an event. */
  readonly lost: readonly string[];
  /** Events without an order. */
  readonly phantoms: readonly string[];
  /** Events of a job that has one already. */
  readonly doubled: readonly string[];
  /** Rows that the relays have rejected. */
  readonly rejected: number;
}

const ORDERS = `SELECT number || ' ' || job_id AS key FROM public.orders`;
const CHUNK = 20_000;

/** Joins the table of orders and the raw messages of the log by the job's id and the number of the order. */
export async function joinOutbox(database: Pool, nats: NatsConnection): Promise<OutboxJoin> {
  const { rows } = await database.query<{ key: string }>(ORDERS);
  const { rows: rejected } = await database.query('SELECT FROM jobstream.outbox_rejected');
  const { created, doubled, events } = await creationsOf(nats);
  const ordered = new Set(rows.map(({ key }) => key));
  return {
    orders: rows.length,
    events,
    lost: [...ordered].filter((key) => !created.has(key)),
    phantoms: [...created].filter((key) => !ordered.has(key)),
    doubled,
    rejected: rejected.length,
  };
}

async function creationsOf(nats: NatsConnection) {
  const { firstSequence, lastSequence } = await logBounds(nats);
  const created = new Set<string>();
  const doubled: string[] = [];
  let events = 0;
  for (let first = firstSequence; first <= lastSequence; first += CHUNK) {
    const messages = await readRawMessages(nats, first, Math.min(first + CHUNK - 1, lastSequence));
    for (const key of messages.filter(isCreation).map(keyOf)) {
      if (created.has(key)) doubled.push(key);
      created.add(key);
      events += 1;
    }
  }
  return { created, doubled, events };
}

function isCreation({ subject }: RawMessage): boolean {
  return subject.endsWith('.created');
}

function keyOf({ body }: RawMessage): string {
  const { jobId, data } = JSON.parse(body) as { jobId: string; data: { payload: unknown } };
  return `${String(data.payload)} ${jobId}`;
}
