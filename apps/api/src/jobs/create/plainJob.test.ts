import { createMigratedDatabase, forEachTest, startNats, startWithheldAnswers } from '@jobstream/test-support';
import { migrate } from '@jobstream/readmodel';
import { expect, test } from 'vitest';
import { startApi } from '../../../testing/startApi.ts';

async function openStage() {
  const opening = new AsyncDisposableStack();
  const nats = opening.use(await startNats());
  const late = opening.use(await startWithheldAnswers(nats.port, /^(?:jobs|unique|timers)\.|JOBS|TIMERS/));
  const databaseUrl = await createMigratedDatabase(migrate);
  const api = opening.use(await startApi({ natsUrl: late.url, databaseUrl }));
  return { late, api, [Symbol.asyncDispose]: () => opening.disposeAsync() };
}

const stage = forEachTest(openStage);

/** `jobs.email.*.created` */
const shapeOf = (subject: string) => subject.replace(/[0-9a-f-]{36}/u, '*');

test('a job that is not unique is one message, and nothing is asked for it', async () => {
  const { api, late } = stage;
  const create = () => api.post('/api/jobs', { type: 'email' });
  expect((await create()).status).toBe(201);
  expect((await late.withholdEach(create)).map(shapeOf)).toEqual(['jobs.email.*.created']);
  const batch = () => api.post('/api/jobs/batch', { jobs: [{ type: 'report' }, { type: 'report' }] });
  expect((await late.withholdEach(batch)).map(shapeOf)).toEqual(['jobs.report.*.created']);
});
