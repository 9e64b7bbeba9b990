import { Client } from 'pg';
import { forEachTest } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ReadModelUnavailableError } from '../errors.ts';
import { sendFencedTransaction } from './sendFencedTransaction.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { translated } from '../postgres/translated.ts';

const database = forEachTest(migratedDatabase);
let client: Client;

beforeEach(async () => {
  await database.query(`INSERT INTO projection_checkpoints (name, last_sequence, generation) VALUES ('jobs', 0, 0)`);
  client = new Client({ connectionString: database.url, pipeline: true });
  await client.connect();
});

afterEach(async () => {
  await client.end();
});

const batch = { from: 0, through: 1, generation: 0, quarantined: [], copies: [], statements: [] };

/** As a ping that times out, which shares the connection. */
async function failInBetween(): Promise<void> {
  await expect(client.query('SELECT 1 / 0')).rejects.toThrow('division by zero');
}

async function position(): Promise<string | undefined> {
  const rows = await database.query<{ last_sequence: string }>('SELECT last_sequence FROM projection_checkpoints');
  return rows[0]?.last_sequence;
}

test('a transaction that fails before its COMMIT comes is not taken for committed', async () => {
  const sending = sendFencedTransaction(client, batch);
  const failing = failInBetween();
  const { committed } = await sending;
  await expect(committed).rejects.toThrow(ReadModelUnavailableError);
  await failing;
  expect(await position()).toBe('0');
});

test('a transaction in which something else has failed is worth another try', async () => {
  await client.query('BEGIN');
  await failInBetween();
  await expect(translated(sendFencedTransaction(client, batch))).rejects.toThrow(ReadModelUnavailableError);
  const { committed } = await sendFencedTransaction(client, batch);
  await committed;
  expect(await position()).toBe('1');
});
