/** @module-tag exact */
import { fold } from '@jobstream/domain';
import type { Job, JobEvent } from '@jobstream/domain';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ReadModel } from '../readModel.ts';
import { arbitraryHistory } from '../../testing/arbitraryHistory.ts';
import { entriesOf } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import type { MigratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';

let database: MigratedDatabase;
let readModel: ReadModel;

beforeAll(async () => {
  database = await migratedDatabase();
  readModel = new ReadModel({ databaseUrl: database.url, name: 'test', queryMs: 30_000 });
});

afterAll(async () => {
  await readModel.stop();
  await database[Symbol.asyncDispose]();
});

/**
 * A piece of the log of `size` events, after which the process continues, while this one is being written or afterwards,
 * restarts, or restarts and reads the piece again.
 */
const piece = fc.record({
  size: fc.integer({ min: 1, max: 12 }),
  afterwards: fc.constantFrom('goes on', 'waits', 'restarts', 'repeats'),
});

type Piece = typeof piece extends fc.Arbitrary<infer One> ? One : never;

async function projectInPieces(history: readonly JobEvent[], pieces: readonly Piece[]) {
  const entries = entriesOf(history);
  let projection = await openProjection(database.url);
  let position = 0;
  for (const { size, afterwards } of [...pieces, { size: entries.length, afterwards: 'waits' }]) {
    const applied = projection.apply(entries.slice(position, position + size));
    position += size;
    if (afterwards === 'goes on') continue;
    await applied;
    if (afterwards === 'waits') continue;
    await projection.close();
    projection = await openProjection(database.url);
    if (afterwards === 'repeats') position = Math.max(0, position - size);
  }
  await projection.close();
}

async function empty(): Promise<void> {
  await database.query('TRUNCATE jobs, job_counts, job_statistics, projection_checkpoints, quarantined_messages');
}

function readStatistics(): Promise<object[]> {
  return database.query('SELECT * FROM job_statistics ORDER BY resolution, starts_at, type, tenant');
}

function byId(one: Job, other: Job): number {
  return one.id.localeCompare(other.id);
}

function foldAll(history: readonly JobEvent[]): readonly Job[] {
  const byJob = Map.groupBy(history, ({ jobId }) => jobId);
  return [...byJob.values()].map(fold).filter((job) => job !== undefined);
}

test('the rows equal the fold of the events for any history, any batches and any restarts', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryHistory, fc.array(piece, { maxLength: 6 }), async (history, pieces) => {
      await empty();
      await projectInPieces(history, []);
      const statistics = await readStatistics();
      await empty();
      await projectInPieces(history, pieces);
      expect(await readStatistics()).toEqual(statistics);
      const { items } = await readModel.listJobs({ limit: 100 });
      expect(items.toSorted(byId)).toStrictEqual(foldAll(history).toSorted(byId));
      expect(await readModel.countJobs()).toEqual(
        await database.query('SELECT type, status, count(*)::int AS count FROM jobs GROUP BY 1, 2 ORDER BY 1, 2'),
      );
      expect((await readModel.readCheckpoint())?.lastSequence).toBe(history.length);
    }),
    { numRuns: 60 },
  );
});
