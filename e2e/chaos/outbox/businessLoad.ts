import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { seededRandom, type SeededRandom } from '../seededRandom.ts';

export interface BusinessOptions {
  readonly database: Pool;
  readonly seed: string;
  /** How long the transactions that are held open last, in milliseconds. */
  readonly openMs: number;
}

const WRITERS = 8;
const HOLDERS = 3;
const ROLLED_BACK = 0.1;
const KEYED = 0.3;
const ROWS_OF_BULK = 1_000;
const RETRY_MS = 100;
/** The class of SQLSTATE of a server that goes down or has just come up. */
const GOES_DOWN = '57P';
const INSERT = `INSERT INTO public.orders (number, job_id)
  SELECT number, jobstream.enqueue('order', to_jsonb(number), $3) FROM generate_series($1::int, $2::int) AS number`;

/** What an application does: transactions that store orders and enqueue a job for each. */
export class BusinessLoad {
  readonly #options: BusinessOptions;
  readonly #random: SeededRandom;
  readonly #holders: readonly Promise<void>[];
  #isOver = false;
  #orders = 0;
  /** Orders of transactions that are known to be committed. */
  #committed = 0;
  /** Transactions that have been tried, and those of them that were rolled back. */
  transactions = 0;
  rolledBack = 0;
  /** Transactions that were held open for the whole time, and committed or rolled back after it. */
  held = 0;

  constructor(options: BusinessOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed, 'transactions');
    this.#holders = Array.from({ length: HOLDERS }, (_, number) => this.#hold(number));
  }

  /** Makes transactions of an order each, several at a time. One whose outcome is unknown is not repeated. */
  async trade(count: number): Promise<void> {
    const last = this.transactions + count;
    const write = async () => {
      while (this.transactions < last) await this.#transact(1);
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
  }

  /** Commits at least as many orders with few transactions. */
  async fill(orders: number): Promise<void> {
    for (const goal = this.#committed + orders; this.#committed < goal;) await this.#transact(ROWS_OF_BULK);
  }

  /** Resolves when the transactions that are held open have lasted for their time. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#holders);
  }

  async #transact(orders: number): Promise<void> {
    const client = await this.#connect();
    if (client === undefined) {
      await pause(RETRY_MS);
      return; // nothing has begun: the next try counts
    }
    this.transactions += 1;
    await ended(client, async () => {
      await client.query('BEGIN');
      await this.#store(client, orders);
      await this.#end(client, orders);
    });
  }

  /** Connections that fail are no transactions. */
  #connect(): Promise<PoolClient | undefined> {
    return this.#options.database.connect().catch(() => undefined);
  }

  async #store(client: PoolClient, orders: number): Promise<void> {
    const first = this.#orders + 1;
    this.#orders += orders;
    const options = orders === 1 && this.#random.chance(KEYED) ? { idempotencyKey: `order ${first}` } : {};
    await client.query(INSERT, [first, first + orders - 1, options]);
  }

  async #end(client: PoolClient, orders: number): Promise<void> {
    const isRolledBack = this.#random.chance(ROLLED_BACK);
    await client.query(isRolledBack ? 'ROLLBACK' : 'COMMIT');
    if (isRolledBack) this.rolledBack += 1;
    else this.#committed += orders;
  }

  /** Holds transactions open; every second holder has enqueued nothing until the end, but keeps rows from being vacuumed. */
  async #hold(number: number): Promise<void> {
    let isWhole = false;
    while (!this.#isOver || !isWhole) {
      isWhole = await this.#holdOne(number % 2 === 1);
      if (!isWhole) await pause(RETRY_MS);
    }
  }

  async #holdOne(isLate: boolean): Promise<boolean> {
    const client = await this.#connect();
    if (client === undefined) return false;
    return ended(client, async () => {
      await client.query('BEGIN; SELECT txid_current()');
      if (!isLate) await this.#store(client, 1);
      await pause(this.#options.openMs);
      if (isLate) await this.#store(client, 1);
      await this.#end(client, 1);
      this.held += 1;
    });
  }
}

/**
 * Whether the work was done; the server may have gone at any point of it.
 *
 * @throws DatabaseError when a statement is refused, which none should be.
 */
async function ended(client: PoolClient, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    client.release();
    return true;
  } catch (error) {
    client.release(true);
    if (isRefusal(error)) throw error;
    return false;
  }
}

/** An error of the statement rather than of a server that goes down. */
function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && error.code?.startsWith(GOES_DOWN) !== true;
}
