import { randomUUID } from 'node:crypto';
import { fold } from '@jobstream/domain';
import { forEachTest } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';
import type { ReadModel } from '../readModel.ts';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { openProjection } from '../../testing/openProjection.ts';

const database = forEachTest(migratedDatabase);
let readModel: ReadModel;

beforeEach(() => {
  ({ readModel } = database);
});

test.each([{ at: 'once' }, { at: 'each in a batch' }])(
  'replaces a payload that was changed, and keeps that of other jobs, with the events at $at',
  async ({ at }) => {
    await using projection = await openProjection(database.url);
    const [changed, other] = [new JobEvents(), new JobEvents()];
    const events = [
      changed.next('JobCreated', { payload: { to: 'nobody' } }),
      other.next('JobCreated', { payload: { to: 'other' } }),
      changed.next('JobCancelled'),
      changed.next('JobPayloadChanged', { payload: null }),
      other.next('JobStarted'),
      changed.next('JobRequeued'),
      changed.next('JobStarted'),
    ];
    const entries = entriesOf(events);
    if (at === 'once') await projection.apply(entries);
    else for (const entry of entries) await projection.apply([entry]);
    for (const job of [changed, other]) {
      const own = events.filter(({ jobId }) => jobId === job.jobId);
      expect((await readModel.findJob(job.jobId))?.job).toStrictEqual(fold(own));
    }
  },
);

test('knows which job one repeats', async () => {
  await using projection = await openProjection(database.url);
  const [job, rerunOf] = [new JobEvents(), randomUUID()];
  const events = [job.next('JobCreated', { rerunOf }), job.next('JobStarted')];
  await projection.apply(entriesOf(events));
  expect((await readModel.findJob(job.jobId))?.job).toStrictEqual(fold(events));
});

test('knows which settings a definition gave', async () => {
  await using projection = await openProjection(database.url);
  const job = new JobEvents();
  const byDefinition = { settings: ['maxAttempts', 'backoff'], worker: 'build\u00007' } as const;
  const events = [job.next('JobCreated', { byDefinition }), job.next('JobStarted')];
  await projection.apply(entriesOf(events));
  expect((await readModel.findJob(job.jobId))?.job).toStrictEqual(fold(events));
  expect((await readModel.findJob(job.jobId))?.job.byDefinition).toEqual(byDefinition);
});

test('knows the release of the program that ran the last attempt', async () => {
  await using projection = await openProjection(database.url);
  const job = new JobEvents();
  const events = [
    job.next('JobCreated'),
    job.next('JobStarted', { workerVersion: '2.4.0\u0000' }),
    job.next('JobReleased'),
  ];
  await projection.apply(entriesOf(events));
  expect((await readModel.findJob(job.jobId))?.job).toStrictEqual(fold(events));
  expect((await readModel.findJob(job.jobId))?.job.workerVersion).toBe('2.4.0\u0000');
  await projection.apply(entriesOf([job.next('JobStarted')], 4));
  expect((await readModel.findJob(job.jobId))?.job).not.toHaveProperty('workerVersion');
});
