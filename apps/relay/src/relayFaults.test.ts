import { eventually, queryDatabase, type TestProcess } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
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

async function startRelay(): Promise<TestProcess> {
  const settings = { NATS_URL: stage.nats.url, DATABASE_URL: stage.databaseUrl, OUTBOX_URLS: stage.url };
  const relay = spawnRelay(settings);
  relays.push(relay);
  await relay.logged('ready');
  return relay;
}

const trade = (count: number) => queryDatabase(stage.url, TRADE.replace('{count}', String(count)));

async function relayed(atLeast: number): Promise<void> {
  await eventually(async () => {
    if ((await stage.log.lastSequence()) < atLeast) throw new Error('not yet');
  });
}

test('orders and jobs are the same after killed relays, a killed NATS, and rollbacks', async () => {
  const victim = await startRelay();
  const writers = Array.from({ length: WRITERS }, () => trade(TRANSACTIONS / WRITERS));
  await relayed(50);
  victim.kill('SIGKILL');
  await startRelay();
  await relayed(200);
  await stage.nats.kill();
  await Promise.all(writers);
  await stage.nats.restart();
  const second = await startRelay();
  await trade(100);
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
}, 180_000);
