import { Pool, type PoolClient } from 'pg';
import { countJobs, type OutboxCounts } from './countJobs.ts';
import { OutboxUnavailableError } from './errors.ts';

/** A job that waits; its parts are the texts of JSON values. */
export interface OutboxRow {
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
}

/** A row that has not become a job: with a reason why it never can, or one that fails alone and is to be tried again. */
export interface Unrelayed {
  readonly row: OutboxRow;
  readonly reason?: string;
}

/** Relays the rows of a claim, and returns those that have not become jobs. */
export type Relay = (rows: readonly OutboxRow[]) => Promise<readonly Unrelayed[]>;

/** A table in which jobs may wait. */
export interface OutboxTable {
  readonly number: number;
  readonly bytes: number;
  /** Whether new jobs are enqueued in it. */
  readonly active: boolean;
}

export interface Claim {
  readonly table: number;
  /** Where to begin in the table: FIRST_PLACE, or the `last` of an earlier claim. */
  readonly after: string;
  readonly most: number;
}

export interface Claimed {
  readonly rows: number;
  readonly last: string;
}

export const FIRST_PLACE = '(0,0)';

/**
 * Does not depend on the defaults of the database, the role, or a pooler's connection. A commit that is lost brings rows back
 * whose jobs exist, which is noticed; so it need not wait for the disk. A relay that is frozen does not keep its rows for ever.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
  SET LOCAL synchronous_commit = off; SET LOCAL idle_in_transaction_session_timeout = '30s'`;
/** Milliseconds, since to make a Date of each took 3 % of the time of the relay. */
const CLAIM = `SELECT place::text, id, (extract(epoch FROM enqueued_at) * 1000)::float8 AS "enqueuedAt", type, payload, options,
  key_digest AS "keyDigest", tenant FROM jobstream.claim($1, $2, $3)`;
const ROTATE = 'SELECT number, bytes::float8, active FROM jobstream.rotate($1)';
const REJECT = 'SELECT jobstream.reject($1, $2, $3, $4, $5, $6, $7, $8)';
const PUT_BACK = 'SELECT jobstream.put_back($1, $2, $3, $4, $5, $6, $7)';
const TIMEOUTS = { connectionTimeoutMillis: 5_000, query_timeout: 15_000 };

/**
 * The outbox in the database of an application, for a relay: it takes waiting jobs out and truncates what is drained. Needs no
 * more than EXECUTE on five functions, and nothing that outlives a transaction, so that it works through PgBouncer. Every
 * method rejects with OutboxUnavailableError when the database does not answer or has no outbox.
 */
export class Outbox {
  /** The server and the database, for people. */
  readonly name: string;
  readonly #pool: Pool;

  constructor({ url, maxConnections = 5 }: { readonly url: string; readonly maxConnections?: number }) {
    const { hostname, pathname } = new URL(url);
    this.name = hostname + pathname;
    const limits = { ...TIMEOUTS, max: maxConnections, keepAlive: true };
    this.#pool = new Pool({ ...limits, connectionString: url, application_name: 'jobstream-relay' });
    this.#pool.on('error', () => {}); // an idle connection was lost: the pool opens another on demand
    // One in use was lost while no statement ran, which the next statement notices.
    this.#pool.on('connect', (client) => void client.on('error', () => {}));
  }

  /**
   * Claims jobs and gives them to `relay`. They leave the outbox once that has resolved; of those that it returns the ones with a
   * reason go to the table of rejected ones, and the others behind those that wait. When it rejects, all stay.
   *
   * @throws what `relay` rejects with, too.
   */
  claim(claim: Claim, relay: Relay): Promise<Claimed> {
    return this.#transact((client) => claimWith(client, claim, relay));
  }

  /** Truncates drained tables, and makes another one active when the active one has grown beyond `mostBytes`. */
  rotate(mostBytes: number): Promise<readonly OutboxTable[]> {
    return this.#transact(async (client) => {
      return (await unavailable(client.query<OutboxTable>(ROTATE, [mostBytes]))).rows;
    });
  }

  /** Counts what waits and what was rejected. */
  count(): Promise<OutboxCounts> {
    return unavailable(countJobs(this.#pool));
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #transact<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await unavailable(this.#pool.connect());
    let isCommitted = false;
    try {
      await unavailable(client.query(BEGIN));
      const result = await work(client);
      await unavailable(client.query('COMMIT'));
      isCommitted = true;
      return result;
    } finally {
      // A connection whose transaction is open is closed, which rolls back.
      client.release(!isCommitted);
    }
  }
}

async function claimWith(client: PoolClient, { table, after, most }: Claim, relay: Relay): Promise<Claimed> {
  const { rows } = await unavailable(client.query<OutboxRow & { place: string }>(CLAIM, [table, after, most]));
  const unrelayed = rows.length === 0 ? [] : await relay(rows);
  for (const one of unrelayed) await unavailable(store(client, one));
  return { rows: rows.length, last: rows.at(-1)?.place ?? after };
}

function store(client: PoolClient, { row, reason }: Unrelayed): Promise<unknown> {
  if (reason === undefined) return client.query(PUT_BACK, [...valuesOf(row)]);
  return client.query(REJECT, [...valuesOf(row), reason]);
}

function valuesOf({ id, enqueuedAt, type, payload, options, keyDigest, tenant }: OutboxRow): readonly unknown[] {
  return [id, new Date(enqueuedAt), type, payload, options, keyDigest, tenant];
}

async function unavailable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    throw new OutboxUnavailableError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
