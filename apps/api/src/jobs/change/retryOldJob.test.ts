import { protocolOf } from '@jobstream/domain';
import { eventually, startNats } from '@jobstream/test-support';
import { expect, onTestFinished, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { startApi, type TestApi } from '../../../testing/startApi.ts';

const stage = useStage();

async function apiWithMaxAge(maxAgeMs: number): Promise<TestApi> {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const api = await startApi({ natsUrl: nats.url, databaseUrl: stage.databaseUrl, log: { maxAgeMs } });
  onTestFinished(() => api.stop());
  await eventually(async () => expect(await api.log.announcements.allUnderstand(protocolOf('JobCarried'))).toBe(true));
  return api;
}

/** Creates a job, sends it a signal, cancels and retries it; returns its id. */
async function signalledAndRetried(api: TestApi): Promise<string> {
  const { id } = (await (await api.post('/api/jobs', { type: 'order', payload: {} })).json()) as { id: string };
  expect((await api.post(`/api/jobs/${id}/signals/approved`, { payload: { by: 'ann' } })).status).toBe(202);
  await api.post(`/api/jobs/${id}/cancel`);
  expect((await api.post(`/api/jobs/${id}/retry`)).status).toBe(200);
  return id;
}

/** The events of a job that is created, cancelled and retried. */
async function retried(api: TestApi): Promise<readonly string[]> {
  const created = await api.post('/api/jobs', { type: 'sleep', payload: { durationMs: 1 } });
  const { id } = (await created.json()) as { id: string };
  await api.post(`/api/jobs/${id}/cancel`);
  const response = await api.post(`/api/jobs/${id}/retry`);
  expect(await response.json()).toMatchObject({ id, status: 'pending' });
  return (await api.log.readHistory(id)).map(({ event }) => event.event);
}

test('a job of which the log may soon lose events is carried before it is requeued, and others are not', async () => {
  const dayMs = 86_400_000;
  expect(await retried(await apiWithMaxAge(dayMs))).toEqual(['JobCreated', 'JobCancelled', 'JobRequeued']);
  const carried = ['JobCreated', 'JobCancelled', 'JobCarried', 'JobRequeued'];
  // So short that every job is old.
  expect(await retried(await apiWithMaxAge(1))).toEqual(carried);
});

test('it is carried with the signals that no step has read', async () => {
  const api = await apiWithMaxAge(1);
  const id = await signalledAndRetried(api);
  const carried = ['JobCreated', 'JobSignalled', 'JobCancelled', 'JobCarriedWithSteps', 'JobRequeued'];
  expect((await api.log.readHistory(id)).map(({ event }) => event.event)).toEqual(carried);
  expect((await api.log.readJob(id))?.signals).toMatchObject([{ name: 'approved', payload: { by: 'ann' } }]);
});
