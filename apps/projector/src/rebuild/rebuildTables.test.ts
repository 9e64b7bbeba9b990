import type { EventFeed } from '@jobstream/eventlog';
import { cancelRebuild, dropPrevious, RebuildCancelledError, RebuildRefusedError } from '@jobstream/readmodel';
import { eventually, forEachTest } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { appendLife, finishLife, startLoad } from '../../testing/jobLoad.ts';
import { heldLog } from '../../testing/heldLog.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { rebuildStage } from '../../testing/rebuildStage.ts';
import { startProjector } from '../../testing/startProjector.ts';
import { watchTable } from '../../testing/watchTable.ts';
import type { Progress } from '../tasks/progressMeter.ts';

const stage = forEachTest(projectorStage);

/** The schemas that hold a table of jobs. */
async function schemas(): Promise<string[]> {
  const rows = await stage.sql<{ name: string }>(
    `SELECT table_schema AS name FROM information_schema.tables WHERE table_name = 'jobs' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

async function indexNames(): Promise<unknown[]> {
  return stage.sql(`SELECT indexname, replace(indexdef, schemaname || '.', '') AS definition FROM pg_indexes
    WHERE tablename IN ('jobs', 'job_counts', 'job_statistics', 'quarantined_messages') AND schemaname = 'public' ORDER BY 1`);
}

async function tableSettings(): Promise<unknown[]> {
  return stage.sql(`SELECT relname, reloptions, relacl::text, relpersistence FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname IN ('jobs', 'job_counts', 'job_statistics', 'quarantined_messages') ORDER BY 1`);
}

/** Ends a rebuild the first time that it comes to a step. */
function stopAt(step: Progress['step']): { stop: AbortSignal; onProgress: (progress: Progress) => void } {
  const controller = new AbortController();
  const onProgress = (progress: Progress) => progress.step === step && controller.abort(new Error(`at ${step}`));
  return { stop: controller.signal, onProgress };
}

/** An index of the table, which can be made to take minutes by a row in `slow`. */
const INDEX = `CREATE TABLE slow ();
  CREATE FUNCTION slowly(attempt int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM public.slow) THEN PERFORM pg_sleep(120); END IF;
      RETURN attempt;
    END $$;
  CREATE INDEX slow_index ON jobs (slowly(attempt))`;

async function indexesBeingMade(): Promise<unknown[]> {
  return stage.sql(`SELECT query FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query LIKE 'CREATE INDEX slow_index%'`);
}

/** Projects what is in the log, and stops. */
async function projectLog(): Promise<void> {
  await using _projector = await startProjector(stage);
  await stage.projectedAll();
}

describe('a rebuild', () => {
  test('replaces the tables while jobs are written and read, and no reader sees them go back in time', async () => {
    await using _projector = await startProjector(stage);
    await using load = startLoad(stage.eventLog);
    await using watch = watchTable(stage.readModel);
    await eventually(() => expect(load.jobs).toBeGreaterThan(100));
    for (let round = 0; round < 3; round++) {
      expect((await rebuildStage(stage)).differences).toEqual([]);
      const ended = load.jobs;
      await eventually(() => expect(load.jobs).toBeGreaterThan(ended + 50));
    }
    await load.stop();
    await stage.projectedAll();
    await watch.stop();
    expect(watch.faults).toEqual([]);
    expect(watch.reads).toBeGreaterThan(100);
    expect(await stage.readModel.countJobs()).toEqual([{ type: 'email', status: 'completed', count: load.jobs }]);
    expect(await stage.sql('SELECT count(*)::int AS jobs FROM jobs')).toEqual([{ jobs: load.jobs }]);
    expect(await schemas()).toEqual(['jobstream_previous', 'public']);
  });

  test('makes tables with the same indexes, settings and permissions', async () => {
    await stage.sql('GRANT SELECT ON jobs TO PUBLIC');
    await appendLife(stage.eventLog);
    const [indexes, settings] = [await indexNames(), await tableSettings()];
    await rebuildStage(stage);
    expect(await indexNames()).toEqual(indexes);
    expect(await tableSettings()).toEqual(settings);
  });

  test('leaves no feed of the log open', async () => {
    await appendLife(stage.eventLog);
    const open = new Set<EventFeed>();
    const follow = (options: { after: number }): EventFeed => {
      const feed = stage.eventLog.follow(options);
      open.add(feed);
      const stop = () => feed.stop().then(() => void open.delete(feed));
      return { stop, [Symbol.asyncIterator]: () => feed[Symbol.asyncIterator]() };
    };
    await rebuildStage({ ...stage, eventLog: { follow } });
    expect(open).toEqual(new Set());
  });

  test('lets the projector continue with unfinished jobs', async () => {
    await using _projector = await startProjector(stage);
    const job = await appendLife(stage.eventLog, 1);
    await stage.projected(job);
    await rebuildStage(stage);
    await finishLife(stage.eventLog, job);
    await stage.projectedAll();
    expect((await stage.readModel.findJob(job))?.job.status).toBe('completed');
  });

  test('continues where it was stopped', async () => {
    await Promise.all(Array.from({ length: 50 }, () => appendLife(stage.eventLog)));
    await projectLog();
    const begun: Progress[] = [];
    const { stop, onProgress } = stopAt('making indexes');
    const watched = (one: Progress) => {
      begun.push(one);
      onProgress(one);
    };
    await expect(rebuildStage(stage, { stop, onProgress: watched })).rejects.toThrow('at making indexes');
    const reading = begun.filter(({ step }) => step === 'reading the log').map(({ done, total }) => [done, total]);
    expect(reading).toEqual([
      [0, 150],
      [150, 150],
    ]);
    const [next] = await stage.sql<{ position: number }>(
      'SELECT last_sequence::int AS position FROM jobstream_next.projection_checkpoints',
    );
    expect(next?.position).toBe(150);
    const progress: Progress[] = [];
    await rebuildStage(stage, { onProgress: (one) => progress.push(one) });
    expect(progress[0]).toEqual({ step: 'reading the log', done: 150, total: 150 });
    expect(await schemas()).toEqual(['jobstream_previous', 'public']);
  });

  test('begins anew when a migration has changed the tables meanwhile', async () => {
    await appendLife(stage.eventLog);
    await projectLog();
    await expect(rebuildStage(stage, stopAt('comparing'))).rejects.toThrow('at comparing');
    await stage.sql('ALTER TABLE jobs ADD COLUMN later text');
    expect((await rebuildStage(stage)).differences).toEqual([]);
    expect(await stage.sql('SELECT later FROM jobs')).toEqual([{ later: null }]);
  });

  test('reports tables that differ, and swaps them by force only', async () => {
    const job = await appendLife(stage.eventLog);
    await projectLog();
    await stage.sql(`UPDATE jobs SET worker = 'changed'`);
    const { swapped, differences } = await rebuildStage(stage);
    expect(swapped).toBe(false);
    const difference = { table: 'jobs', key: job, problem: 'different', field: 'worker' };
    expect(differences).toEqual([{ ...difference, live: 'changed', log: 'worker-1' }]);
    expect((await stage.readModel.findJob(job))?.job.worker).toBe('changed');
    expect(await rebuildStage(stage, { force: true })).toMatchObject({ swapped: true, differences: [difference] });
    expect((await stage.readModel.findJob(job))?.job.worker).toBe('worker-1');
  });

  test('swaps tables that differ only in columns that are named', async () => {
    const job = await appendLife(stage.eventLog);
    await projectLog();
    await stage.sql(`UPDATE jobs SET worker = 'changed'`);
    expect((await rebuildStage(stage, { except: ['worker'] })).differences).toEqual([]);
    expect((await stage.readModel.findJob(job))?.job.worker).toBe('worker-1');
  });

  test('does not swap when a count is wrong', async () => {
    await appendLife(stage.eventLog);
    await projectLog();
    await stage.sql(`UPDATE job_counts SET count = 7 WHERE status = 'completed'`);
    const { differences } = await rebuildStage(stage);
    expect(differences).toMatchObject([{ table: 'job_counts', key: 'email completed', live: '7', log: '1' }]);
    expect(await schemas()).toEqual(['jobstream_next', 'public']);
  });

  test('does not swap when statistics are wrong, unless it is told that they may differ', async () => {
    const job = await appendLife(stage.eventLog);
    await projectLog();
    await stage.sql(`UPDATE job_statistics SET created = 7 WHERE resolution = 'day'`);
    const today = `${(await stage.readModel.findJob(job))?.job.createdAt.slice(0, 10)}T00:00Z`;
    const difference = { table: 'job_statistics', key: `day ${today} email`, field: 'created', live: '7', log: '1' };
    expect(await rebuildStage(stage)).toMatchObject({ swapped: false, differences: [difference] });
    expect(await rebuildStage(stage, { except: ['job_statistics'] })).toMatchObject({ swapped: true });
  });

  test('refuses while views depend on the tables', async () => {
    await stage.sql('CREATE VIEW failures AS SELECT id FROM jobs');
    await expect(rebuildStage(stage)).rejects.toThrow(/cannot be replaced.*view failures/);
  });

  test('is refused to a second process with what to do', async () => {
    await appendLife(stage.eventLog);
    await projectLog();
    await using log = heldLog(stage.eventLog);
    const first = rebuildStage({ ...stage, eventLog: log.eventLog });
    await eventually(async () => expect(await stage.sql('SELECT FROM projection_rebuilds')).toHaveLength(1));
    await expect(rebuildStage(stage)).rejects.toThrow(/a rebuild that began at .* is running .* --cancel/);
    await expect(dropPrevious(stage.databaseUrl)).rejects.toThrow(RebuildRefusedError);
    log.release();
    expect((await first).differences).toEqual([]);
  });
});

describe('a rebuild that is stopped', () => {
  test('does not wait for an index that Postgres makes, and the next one makes it', async () => {
    await stage.sql(INDEX);
    await appendLife(stage.eventLog);
    await projectLog();
    await stage.sql('INSERT INTO slow DEFAULT VALUES');
    const controller = new AbortController();
    const outcome = rebuildStage(stage, { stop: controller.signal }).catch((error: unknown) => error);
    await eventually(async () => expect(await indexesBeingMade()).toHaveLength(1));
    controller.abort(new Error('told to stop'));
    await eventually(async () => expect(await indexesBeingMade()).toEqual([]));
    expect(await outcome).toEqual(new Error('told to stop'));
    await stage.sql('DELETE FROM slow');
    expect((await rebuildStage(stage)).swapped).toBe(true);
  });
});

describe('a rollback', () => {
  test('brings the earlier tables up to now and puts them back, and forward again', async () => {
    await using _projector = await startProjector(stage);
    const before = await appendLife(stage.eventLog);
    await stage.projected(before);
    await stage.sql(`UPDATE jobs SET started_by = 'the old one'`);
    await rebuildStage(stage, { force: true });
    const after = await appendLife(stage.eventLog, 1);
    await stage.projected(after);
    await rebuildStage(stage, { kind: 'rollback' });
    expect((await stage.readModel.findJob(before))?.job.startedBy).toBe('the old one');
    expect(await stage.readModel.findJob(after)).toBeDefined();
    await finishLife(stage.eventLog, after);
    await stage.projectedAll();
    expect((await stage.readModel.findJob(after))?.job.status).toBe('completed');
    await rebuildStage(stage, { kind: 'rollback' });
    expect((await stage.readModel.findJob(before))?.job.startedBy).toBeUndefined();
    expect((await stage.readModel.findJob(after))?.job.status).toBe('completed');
  });

  test('brings back which statistics were incomplete', async () => {
    const gaps = () => stage.sql('SELECT migration FROM job_statistics_gaps');
    await stage.sql("INSERT INTO job_statistics_gaps VALUES ('0005_statistics', now())");
    await rebuildStage(stage);
    expect(await gaps()).toEqual([]);
    await rebuildStage(stage, { kind: 'rollback' });
    expect(await gaps()).toEqual([{ migration: '0005_statistics' }]);
  });

  test('is refused when there is nothing to go back to', async () => {
    await expect(rebuildStage(stage, { kind: 'rollback' })).rejects.toThrow('no earlier tables');
  });

  test('is refused once the earlier tables are dropped', async () => {
    await rebuildStage(stage);
    expect(await dropPrevious(stage.databaseUrl)).toBe(true);
    expect(await dropPrevious(stage.databaseUrl)).toBe(false);
    expect(await schemas()).toEqual(['public']);
    await expect(rebuildStage(stage, { kind: 'rollback' })).rejects.toThrow(RebuildRefusedError);
  });

  test('keeps the earlier tables when it is cancelled', async () => {
    await rebuildStage(stage);
    await expect(rebuildStage(stage, { ...stopAt('swapping'), kind: 'rollback' })).rejects.toThrow('at swapping');
    await expect(rebuildStage(stage)).rejects.toThrow('a rollback is under way');
    expect(await cancelRebuild(stage.databaseUrl)).toBe('rollback');
    expect(await schemas()).toEqual(['jobstream_previous', 'public']);
  });
});

describe('cancelling', () => {
  test('ends a rebuild that runs, even while it waits for the log, and drops what it has made', async () => {
    await appendLife(stage.eventLog);
    await projectLog();
    await using log = heldLog(stage.eventLog);
    const running = Promise.allSettled([rebuildStage({ ...stage, eventLog: log.eventLog })]);
    await eventually(async () => expect(await stage.sql('SELECT FROM projection_rebuilds')).toHaveLength(1));
    expect(await cancelRebuild(stage.databaseUrl)).toBe('rebuild');
    expect(await running).toMatchObject([{ reason: expect.any(RebuildCancelledError) }]);
    expect(await schemas()).toEqual(['public']);
  });

  test('ends a rebuild whose process is gone, and is no error when there is none', async () => {
    await expect(rebuildStage(stage, stopAt('making indexes'))).rejects.toThrow('at making indexes');
    expect(await cancelRebuild(stage.databaseUrl)).toBe('rebuild');
    expect(await schemas()).toEqual(['public']);
    expect(await cancelRebuild(stage.databaseUrl)).toBeUndefined();
  });
});
