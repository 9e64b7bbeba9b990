/** @module-tag exact */
import { fold, type JobEvent } from '@jobstream/domain';
import { checkSchedules, type Schedule } from '@jobstream/test-support';
import { array, integer, record } from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arbitraryHistory } from '../../testing/arbitraryHistory.ts';
import { entriesOf } from '../../testing/jobEvents.ts';
import { migratedDatabase, type MigratedDatabase } from '../../testing/migratedDatabase.ts';
import { scheduledClient } from '../../testing/scheduledClient.ts';
import { columnTypes } from '../postgres/columnTypes.ts';
import { type AppliedBatch, BatchWriter } from './batchWriter.ts';
import { createCheckpoint, readPosition } from './checkpointFence.ts';

interface Plan {
  readonly history: readonly JobEvent[];
  /** The sizes of the batches, over and over. */
  readonly sizes: readonly number[];
}

const arbitraryPlan = record<Plan>({
  history: arbitraryHistory,
  sizes: array(integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
});

/** Postgres refuses the jobs of this type, with all that is in their batch. */
const REFUSE = `ALTER TABLE jobs ADD CONSTRAINT no_poison CHECK (type <> 'null')`;
const EMPTY = `TRUNCATE jobs, job_counts, job_statistics, quarantined_messages;
  UPDATE projection_checkpoints SET last_sequence = 0`;

let database: MigratedDatabase;
let client: Client;

beforeAll(async () => {
  database = await migratedDatabase();
  client = new Client({ connectionString: database.url, types: columnTypes, pipeline: true });
  await client.connect();
  await createCheckpoint(client);
  await database.query(REFUSE);
});

afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

function batchesOf({ history, sizes }: Plan) {
  const [left, batches] = [entriesOf(history), []] as [ReturnType<typeof entriesOf>, ReturnType<typeof entriesOf>[]];
  for (let batch = 0; left.length > 0; batch++) batches.push(left.splice(0, sizes[batch % sizes.length]));
  return batches;
}

async function write(schedule: Schedule, plan: Plan): Promise<void> {
  await database.query(EMPTY);
  const writer = new BatchWriter(scheduledClient(client, schedule), await readPosition(client));
  const writing: Promise<AppliedBatch>[] = [];
  const handing = async () => {
    for (const batch of batchesOf(plan)) {
      if (writing.length >= 2) await writing.at(-2); // as the projector does
      await schedule.point('a batch is handed over');
      writing.push(writer.apply(batch));
    }
  };
  await schedule.until(handing());
  const applied = await schedule.until(Promise.all(writing));
  const quarantined = new Set(applied.flatMap((batch) => batch.quarantined).map(({ sequence }) => sequence));
  await schedule.untilNothingIsLeft();
  expect(writer.lastSequence).toBe(plan.history.length);
  await expectRows(plan.history.filter((_event, index) => !quarantined.has(index + 1)));
}

/** The rows are the fold of what was not quarantined, and are counted. */
async function expectRows(events: readonly JobEvent[]): Promise<void> {
  for (const [jobId, history = []] of Map.groupBy(events, ({ jobId: id }) => id)) {
    expect((await database.readModel.findJob(jobId))?.job).toEqual(fold(history));
  }
  const counted = await database.query<{ sum: string }>('SELECT coalesce(sum(count), 0) AS sum FROM job_counts');
  const rows = await database.query<{ count: string }>('SELECT count(*) FROM jobs');
  expect(Number(counted[0]?.sum)).toBe(Number(rows[0]?.count));
}

test('the rows are the fold of the log, whenever batches are handed over and whatever Postgres refuses', async () => {
  await expect(checkSchedules(arbitraryPlan, write)).resolves.toBeUndefined();
});
