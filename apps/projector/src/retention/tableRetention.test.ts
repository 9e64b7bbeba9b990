import { createLogger } from '@jobstream/runtime';
import { eventually, forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { appendLife, finishLife } from '../../testing/jobLoad.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { rebuildStage } from '../../testing/rebuildStage.ts';
import { startProjector } from '../../testing/startProjector.ts';
import { verifyTables } from '../verify/verifyTables.ts';
import { TableRetention } from './tableRetention.ts';

const stage = forEachTest(projectorStage);

const logger = createLogger({ service: 'projector', level: 'silent' });

/** Removes jobs older than a millisecond and returns their number. */
async function retire(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const retention = new TableRetention({ ...stage, maxAgeMs: 1, clock: Date, logger, onRetired: resolve });
  await retention.start();
  const jobs = await promise;
  await retention.stop();
  return jobs;
}

async function differences(): Promise<unknown[]> {
  const found: unknown[] = [];
  const stop = new AbortController().signal;
  const onDifference = (one: unknown) => void found.push(one);
  await verifyTables({ ...stage, repair: false, stop, onProgress: () => {}, onDifference });
  return found;
}

const counts = async () => stage.sql(`SELECT status, count::int FROM job_counts WHERE count > 0 ORDER BY status`);

test('old completed jobs are removed, also from the counts, and no others', async () => {
  await using _projector = await startProjector(stage);
  await Promise.all(Array.from({ length: 1_500 }, () => appendLife(stage.eventLog)));
  const open = await appendLife(stage.eventLog, 1);
  await stage.projectedAll();
  expect(await retire()).toBe(1_500);
  expect(await counts()).toEqual([{ status: 'pending', count: 1 }]);
  expect(await stage.sql('SELECT id FROM jobs')).toEqual([{ id: open }]);
});

test('the steps of jobs that are removed go with them, and no others', async () => {
  await using _projector = await startProjector(stage);
  const [old, open] = [await appendLife(stage.eventLog), await appendLife(stage.eventLog, 1)];
  await stage.projectedAll();
  for (const id of [old, open])
    await stage.sql(`INSERT INTO job_steps VALUES ('${id}', 'charge', '', 1, now(), 1, NULL, NULL)`);
  expect(await retire()).toBe(1);
  expect(await stage.sql('SELECT job_id AS id FROM job_steps')).toEqual([{ id: open }]);
});

test('a table without the removed jobs matches the log, and so does a rebuilt one', { tags: ['exact'] }, async () => {
  await using _projector = await startProjector(stage);
  const old = await appendLife(stage.eventLog);
  const open = await appendLife(stage.eventLog, 1);
  await stage.projectedAll();
  await retire();
  await finishLife(stage.eventLog, open);
  await stage.projected(open);
  await stage.projectedAll();
  expect(await differences()).toEqual([]);
  expect(await rebuildStage(stage)).toMatchObject({ swapped: true, jobs: 1, differences: [] });
  expect(await stage.readModel.findJob(old)).toBeUndefined();
  expect((await stage.readModel.findJob(open))?.job.status).toBe('completed');
  expect(await differences()).toEqual([]);
});

test('a missing row that is not old is still reported', async () => {
  await using _projector = await startProjector(stage);
  await appendLife(stage.eventLog);
  await stage.projectedAll();
  await retire();
  const young = await appendLife(stage.eventLog);
  await stage.projected(young);
  await stage.projectedAll();
  await stage.sql(`DELETE FROM jobs WHERE id = '${young}'`);
  expect(await differences()).toMatchObject([{ key: young, problem: 'missing' }]);
});

test('no job is removed without a maximum age', async () => {
  await using _projector = await startProjector(stage);
  const job = await appendLife(stage.eventLog);
  await stage.projectedAll();
  const retention = new TableRetention({ ...stage, maxAgeMs: 0, clock: Date, logger });
  await retention.start();
  await retention.stop();
  await eventually(async () => expect(await stage.readModel.findJob(job)).toBeDefined());
  expect(await stage.sql('SELECT retired_before FROM projection_checkpoints')).toEqual([{ retired_before: null }]);
});
