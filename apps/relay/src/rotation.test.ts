import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';

const COUNTING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";

test('while another transaction counts, a relay relays without numbers, and has them soon afterwards', async () => {
  await using stage = await RelayStage.open();
  const counting = stage.query('SELECT pg_sleep(3600) FROM jobstream.outbox_report()').catch(() => []);
  await eventually(async () => expect(await stage.query(`SELECT pid ${COUNTING}`)).toHaveLength(1));
  await using _ = await stage.startRelay();
  await stage.enqueue('email');
  await eventually(async () => expect(await stage.created()).toHaveLength(1));
  const metrics = () => stage.metrics.text();
  expect(await metrics()).not.toMatch(/outbox_(up|waiting_jobs)\{/);
  await stage.query(`SELECT pg_terminate_backend(pid) ${COUNTING}`);
  await counting;
  await eventually(async () => expect(await metrics()).toMatch(/outbox_waiting_jobs\{[^}]+\} 0/));
});
