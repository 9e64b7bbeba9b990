import { setTimeout as pause } from 'node:timers/promises';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Pool } from 'pg';
import { logBounds } from '../harness/rawLog.ts';
import type { Stage } from './stage/stage.ts';

const GIVE_UP_AFTER_MS = 180_000;

const POLL_MS = 500;

/** Consecutive looks without a change before the system counts as idle. */
const STEADY = 6;

const QUESTION = `SELECT (SELECT last_sequence::float8 FROM projection_checkpoints WHERE name = 'jobs') AS position,
  (SELECT count(*)::int FROM jobs WHERE status NOT IN ('completed', 'failed', 'cancelled')) AS open`;

/** The suite's own connections to the servers, which reconnect by themselves. */
export interface Outside extends AsyncDisposable {
  readonly nats: NatsConnection;
  readonly database: Pool;
}

/** Connects to the servers themselves, past all proxies that a fault may cut. */
export async function lookFromOutside({ nodes, postgres }: Stage): Promise<Outside> {
  const nats = await connect({
    servers: nodes.map(({ url }) => url),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    pingInterval: 1_000,
  });
  const database = new Pool({
    connectionString: postgres.url,
    max: 2,
    connectionTimeoutMillis: 2_000,
    query_timeout: 10_000,
  });
  database.on('error', () => {}); // an idle connection went with its server; the next query takes a new one
  return {
    nats,
    database,
    async [Symbol.asyncDispose]() {
      await nats.close();
      await database.end();
    },
  };
}

/** Waits until no job is open and the table has all events; returns false if that does not happen in time. */
export async function untilQuiet(outside: Outside): Promise<boolean> {
  const deadline = Date.now() + GIVE_UP_AFTER_MS;
  let steady = 0;
  let last = -1;
  while (Date.now() < deadline) {
    const position = await restingPosition(outside).catch(() => undefined);
    steady = position !== undefined && position === last ? steady + 1 : 0;
    if (steady === STEADY) return true;
    last = position ?? -1;
    await pause(POLL_MS);
  }
  return false;
}

/** The end of the log if no job is open and the table has got that far. */
export async function restingPosition({ nats, database }: Outside): Promise<number | undefined> {
  const { lastSequence } = await logBounds(nats);
  const { rows } = await database.query<{ position: number; open: number }>(QUESTION);
  return rows[0]?.open === 0 && rows[0].position === lastSequence ? lastSequence : undefined;
}
