import { eventually, type PostgresPair, startPostgresPair } from '@jobstream/test-support';
import { outboxStatus } from '@jobstream/outbox';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';

/** Many, since what they commit while the primary dies is what a relay must not see. */
const WRITERS = 40;
/** Every tenth is rolled back. */
const ORDER = `INSERT INTO orders SELECT jobstream.enqueue('order') RETURNING job_id AS id, 1 / ($1::int % 10)`;

let pair: PostgresPair;
let stage: RelayStage;
beforeEach(async () => {
  pair = await startPostgresPair();
  stage = await RelayStage.open({ application: Promise.resolve(pair.url) });
  await stage.query('CREATE TABLE orders (job_id uuid NOT NULL)');
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
  await pair[Symbol.asyncDispose]();
});

/** Stores orders, each with its job in a transaction of its own; the server may be lost at any time. */
class Traders implements AsyncDisposable {
  /** The jobs of commits that were acknowledged. */
  readonly committed: string[] = [];
  readonly #running: readonly Promise<void>[];
  #isOver = false;
  #transactions = 0;

  constructor() {
    this.#running = Array.from({ length: WRITERS }, () => this.#trade());
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #trade(): Promise<void> {
    while (!this.#isOver) {
      this.#transactions += 1;
      const orders = await stage.query<{ id: string }>(ORDER, [this.#transactions]).catch(() => []);
      this.committed.push(...orders.map(({ id }) => id));
    }
  }
}

const reached = (traders: Traders, count: number) =>
  eventually(() => expect(traders.committed.length).toBeGreaterThanOrEqual(count));
const isEmpty = async () => expect((await outboxStatus(stage.url)).waiting).toBe(0);
const repeated = async () => /outcome="repeated"\} (\d+)/.exec(await stage.metrics.text())?.[1] ?? '0';

test('orders and jobs are the same after a synchronous standby was promoted that lacks commits of the relay', async () => {
  await using traders = new Traders();
  await reached(traders, 50);
  await pair.cutReplication();
  // What is committed on both servers waits. The relay takes it out of the primary alone, and the log has the jobs.
  await using _ = await stage.startRelay();
  await eventually(isEmpty);
  const before = traders.committed.length;
  await pair.failOver();
  await reached(traders, before + 50);
  await traders.stop();
  await stage.untilDrained();
  const orders = (await stage.query<{ job_id: string }>('SELECT job_id FROM orders')).map(({ job_id }) => job_id);
  const jobs = (await stage.created()).map(({ jobId }) => jobId);
  expect(jobs.toSorted()).toEqual(orders.toSorted());
  expect(orders).toEqual(expect.arrayContaining(traders.committed));
  expect(Number(await repeated())).toBeGreaterThanOrEqual(50);
});
