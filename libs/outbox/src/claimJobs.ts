import type { PoolClient } from 'pg';
import { unavailable } from './errors.ts';

/** A job that waits; its parts are the texts of JSON values. */
export interface OutboxRow {
  /** Where in its table it is. */
  readonly place: string;
  readonly id: string;
  /** In milliseconds since 1970. */
  readonly enqueuedAt: number;
  readonly type: string;
  readonly payload: string | null;
  /** Without the idempotency key. */
  readonly options: string | null;
  /** Of the idempotency key within the tenant, in hexadecimal digits. */
  readonly keyDigest: string | null;
  readonly tenant: string | null;
  /** How often it has failed, 0 unless it was deferred. */
  readonly attempts: number;
}

/** A row that has not become a job, and why. One that is hopeless is rejected, another one deferred. */
export interface FailedRow {
  readonly row: OutboxRow;
  readonly reason: string;
  readonly isHopeless: boolean;
}

/** What became of the rows of a claim; those in neither list stay as they are. */
export interface SettledRows {
  readonly relayed: readonly OutboxRow[];
  readonly failed: readonly FailedRow[];
}

/** Relays the rows of a claim, of which there is at least one. `claimed` says where the next claim goes on. */
export type Relay = (rows: readonly OutboxRow[], claimed: Claimed) => Promise<SettledRows>;

export interface Claim {
  /** The number of the table, or DEFERRED. */
  readonly table: number;
  /** Where to begin in the table: FIRST_PLACE, or the `next` of an earlier claim. */
  readonly after: string;
  /** At most so many rows. */
  readonly most: number;
  /** At most so many bytes of payloads and options, unless that is a single row. */
  readonly mostBytes: number;
}

export interface Claimed {
  readonly rows: number;
  /** Where the next claim goes on: FIRST_PLACE when the end of the table was reached. */
  readonly next: string;
}

export const FIRST_PLACE = '(0,0)';
/** The number of the table of deferred jobs. */
export const DEFERRED = 4;

/** Milliseconds, since to make a Date of each took 3 % of the time of the relay. */
export const COLUMNS = `place::text, id, (extract(epoch FROM enqueued_at) * 1000)::float8 AS "enqueuedAt", type, payload, options,
  key_digest AS "keyDigest", tenant`;
const CLAIM = `SELECT ${COLUMNS}, attempts FROM jobstream.claim_jobs($1, $2, $3, $4)`;
const SETTLE = 'SELECT jobstream.settle_jobs($1, $2, $3, $4, $5)';
const MOST_OF_REASON = 2_000;

/** Claims rows in the transaction of a client, gives them to `relay`, and settles them as it says. */
export async function claimJobs(client: PoolClient, claim: Claim, relay: Relay): Promise<Claimed> {
  const { table, after, most, mostBytes } = claim;
  const { rows } = await unavailable(client.query<OutboxRow>(CLAIM, [table, after, most, mostBytes]));
  const next = rows.pop()?.place ?? FIRST_PLACE; // the row without an id
  const claimed = { rows: rows.length, next };
  if (rows.length > 0) await settle(client, table, await relay(rows, claimed));
  return claimed;
}

async function settle(client: PoolClient, table: number, { relayed, failed }: SettledRows): Promise<void> {
  if (relayed.length + failed.length === 0) return;
  await unavailable(
    client.query(SETTLE, [
      table,
      relayed.map(({ place }) => place),
      failed.map(({ row }) => row.place),
      failed.map(({ reason }) => storable(reason)),
      failed.map(({ isHopeless }) => isHopeless),
    ]),
  );
}

/** As Postgres takes it. */
export function storable(reason: string): string {
  return reason.slice(0, MOST_OF_REASON).replaceAll('\0', '').toWellFormed();
}
