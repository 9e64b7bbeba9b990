import { randomUUID } from 'node:crypto';
import { queryDatabase } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RelayStage } from '../testing/relayStage.ts';
import { spawnRelay } from '../testing/spawnRelay.ts';

const role = `"We""ird ${randomUUID()}"`;
let stage: RelayStage;
beforeEach(async () => {
  stage = await RelayStage.open();
  await stage.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
});
afterEach(async () => {
  await stage.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await stage[Symbol.asyncDispose]();
});

/** What an administrator may have set for everybody. */
const DEFAULTS = {
  statement_timeout: `'20ms'`,
  lock_timeout: `'20ms'`,
  idle_in_transaction_session_timeout: `'50ms'`,
  default_transaction_isolation: `'serializable'`,
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  datestyle: `'German'`,
  timezone: `'America/St_Johns'`,
  extra_float_digits: '0',
  bytea_output: `'escape'`,
  standard_conforming_strings: 'off',
  search_path: 'pg_temp, public',
};

test('a relay depends on no default of its role, nor on the name of that', async () => {
  await stage.query(
    `GRANT EXECUTE ON FUNCTION jobstream.claim_jobs, jobstream.settle_jobs, jobstream.rotate, jobstream.outbox_report TO ${role}`,
  );
  for (const [name, value] of Object.entries(DEFAULTS)) await stage.query(`ALTER ROLE ${role} SET ${name} = ${value}`);
  const url = new URL(stage.url);
  url.username = encodeURIComponent(role.slice(1, -1).replaceAll('""', '"'));
  url.password = 'secret';
  const payload = {
    text: 'a\u0001\u2028\u{1F600}\u00e9"\\',
    tiny: 1e-300,
    list: Array.from({ length: 20_000 }, () => 'x'),
  };
  await stage.enqueue('email', payload, { idempotencyKey: "k'\\", tags: ['\u{1F600}', '\\'] });
  await stage.query(`SELECT jobstream.enqueue('email', to_jsonb(i)) FROM generate_series(1, 600) AS i`);
  await using relay = spawnRelay({ NATS_URL: stage.nats.url, DATABASE_URL: stage.databaseUrl, OUTBOX_URLS: url.href });
  await relay.logged('ready');
  await stage.untilDrained();
  const created = await stage.created();
  expect(created).toHaveLength(601);
  expect(created.find(({ data }) => data.tags?.length === 2)?.data).toMatchObject({
    payload,
    tags: ['\u{1F600}', '\\'],
  });
  expect(await queryDatabase(stage.url, 'SELECT FROM jobstream.outbox_rejected')).toEqual([]);
});
