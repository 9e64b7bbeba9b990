import { forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';

const database = forEachTest(migratedDatabase);

/** Makes inserts of `held` jobs wait until `release`; `begun` resolves once one of them waits. */
async function holdInserts() {
  await database.query(`CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock_shared(1); RETURN new; END $$`);
  await database.query(`CREATE TRIGGER wait BEFORE INSERT ON jobs FOR EACH ROW
    WHEN (new.type = 'held') EXECUTE FUNCTION wait()`);
  await database.query('SELECT pg_advisory_lock(1)');
  const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return {
    begun: () => expect.poll(() => database.query(waiting)).toHaveLength(1),
    release: () => database.query('SELECT pg_advisory_unlock(1)'),
  };
}

function jobsByStatus(): Promise<object[]> {
  return database.query('SELECT type, status, count(*)::int AS count FROM jobs GROUP BY 1, 2 ORDER BY 1, 2');
}

test.each([
  { held: 1, refused: [3] },
  { held: 4, refused: [3] },
  { held: 4, refused: [3, 7] },
  { held: 5, refused: [3] },
])(
  'a batch handed over while message $held of the one before is written follows all of that one, of which Postgres refuses $refused',
  async ({ held, refused }) => {
    const insert = await holdInserts();
    await database.query(`ALTER TABLE jobs ADD CONSTRAINT no_poison CHECK (type <> 'poison')`);
    const jobs = [1, 2, 3, 4, 5, 6, 7, 8].map((sequence) => {
      const jobType = sequence === held ? 'held' : 'email';
      return new JobEvents({ jobType: refused.includes(sequence) ? 'poison' : jobType });
    });
    const [created, started] = [jobs.map((job) => job.next('JobCreated')), jobs.map((job) => job.next('JobStarted'))];
    await using projection = await openProjection(database.url);
    const first = projection.apply(entriesOf(created));
    await insert.begun();
    const second = projection.apply(entriesOf(started, 9));
    await insert.release();
    expect((await first).quarantined.map(({ sequence }) => sequence)).toEqual(refused);
    expect(await second).toEqual({ quarantined: [], ignored: refused.map((sequence) => sequence + 8) });
    expect(await jobsByStatus()).toEqual([
      { type: 'email', status: 'processing', count: 7 - refused.length },
      { type: 'held', status: 'processing', count: 1 },
    ]);
    expect(await database.readModel.countJobs()).toEqual(await jobsByStatus());
  },
);
