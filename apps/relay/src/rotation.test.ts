import { eventually } from '@jobstream/test-support';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';

test('while another transaction counts, a relay relays without numbers, and has them soon afterwards', async () => {
  await using stage = await RelayStage.open();
  const other = new Client({ connectionString: stage.url });
  await other.connect();
  await other.query('BEGIN; SELECT * FROM jobstream.outbox_report()');
  await using _ = await stage.startRelay();
  await stage.enqueue('email');
  await eventually(async () => expect(await stage.created()).toHaveLength(1));
  const metrics = () => stage.metrics.text();
  expect(await metrics()).not.toMatch(/outbox_(up|waiting_jobs)\{/);
  await other.query('COMMIT');
  await other.end();
  await eventually(async () => expect(await metrics()).toMatch(/outbox_waiting_jobs\{[^}]+\} 0/));
});
