/** @module-tag exact */
import { createDatabase, eventually, queryDatabase, startPgbouncer, type TestProcess } from '@jobstream/test-support';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';
import { spawnRelay } from '../testing/spawnRelay.ts';

const TRANSACTIONS = 800;
const WRITERS = 4;
/**
 * Business transactions with an enqueue each, every tenth of which is rolled back: a transaction block ends with its statement,
 * so that no round trip lies between them.
 */
const TRADE = `DO $$ BEGIN
  FOR number IN 1..{count} LOOP
    BEGIN
      INSERT INTO orders (job_id) VALUES (jobstream.enqueue('order', to_jsonb(number)));
      IF number % 10 = 0 THEN RAISE EXCEPTION 'rolled back'; END IF;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
    COMMIT;
  END LOOP;
END $$`;

/** Fewer connections than the writers and two relays have, and enough for a relay that was killed with all of its own. */
const POOL_SIZE = 6;
const pooler = await startPgbouncer([await createDatabase()], POOL_SIZE);
afterAll(() => pooler?.[Symbol.asyncDispose]());

let stage: RelayStage;
const relays: TestProcess[] = [];
beforeEach(async () => {
  stage = await RelayStage.open();
  await stage.query('CREATE TABLE orders (job_id uuid NOT NULL)');
});
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

async function startRelay(url: string): Promise<TestProcess> {
  const settings = { NATS_URL: stage.nats.url, DATABASE_URL: stage.databaseUrl, OUTBOX_URLS: url };
  const relay = spawnRelay(settings);
  relays.push(relay);
  await relay.logged('ready');
  return relay;
}

const trade = (url: string, count: number) => queryDatabase(url, TRADE.replace('{count}', String(count)));

async function relayed(atLeast: number): Promise<void> {
  await eventually(async () => {
    if ((await stage.log.lastSequence()) < atLeast) throw new Error('not yet');
  });
}

/** Waits until a relay has claimed rows whose jobs are not acknowledged. */
async function claimed(): Promise<void> {
  const text = `SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'jobstream-relay' AND state = 'idle in transaction'`;
  await eventually(async () => expect((await stage.query(text)).length).toBeGreaterThan(0));
}

const ways: [string, (url: string) => string][] = [['without a pooler', (url) => url]];
if (pooler !== undefined) ways.push(['through PgBouncer', pooler.through]);

test.each(ways)(
  'orders and jobs are the same after killed relays, a killed NATS, and rollbacks, %s',
  async (_name, via) => {
    const url = via(stage.url);
    const victim = await startRelay(url);
    const writers = Array.from({ length: WRITERS }, () => trade(url, TRANSACTIONS / WRITERS));
    await relayed(50);
    await stage.nats.pause();
    await claimed();
    victim.kill('SIGKILL');
    await stage.nats.resume();
    await startRelay(url);
    await relayed(200);
    await stage.nats.kill();
    await Promise.all(writers);
    await stage.nats.restart();
    const second = await startRelay(url);
    await trade(url, 100);
    second.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    await stage.untilDrained();
    const orders = await stage.query<{ job_id: string }>('SELECT job_id FROM orders');
    const jobs = (await stage.created()).map(({ jobId }) => jobId);
    const [ordered, created] = [new Set(orders.map(({ job_id }) => job_id)), new Set(jobs)];
    expect(jobs).toHaveLength(created.size);
    expect(ordered.size).toBe((TRANSACTIONS / 10) * 9 + 90);
    expect(created).toEqual(ordered);
    expect(await stage.query('SELECT FROM jobstream.outbox_rejected')).toEqual([]);
    expect(await stage.query('SELECT FROM jobstream.outbox_deferred')).toEqual([]);
    expect(relays.filter(({ stdout }) => stdout.includes('row of the outbox deferred'))).toEqual([]);
  },
  180_000,
);
