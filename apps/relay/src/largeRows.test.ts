import { eventually } from '@jobstream/test-support';
import { outboxStatus } from '@jobstream/outbox';
import { expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';

test('400 rows of 250 KB of one transaction drain, and a job that is enqueued later becomes one', async () => {
  await using stage = await RelayStage.open();
  // Compressed they have some kilobytes each.
  const large = `SELECT jobstream.enqueue('large', to_jsonb(repeat('a', 250000) || i)) FROM generate_series(1, 400) AS i`;
  await stage.query(large);
  await using _ = await stage.startRelay();
  await stage.enqueue('later');
  await eventually(async () => expect((await outboxStatus(stage.url)).waiting).toBe(0), { timeoutMs: 60_000 });
  const created = await stage.created();
  expect(created).toHaveLength(401);
  expect(created.map(({ jobType }) => jobType)).toContain('later');
}, 90_000);
