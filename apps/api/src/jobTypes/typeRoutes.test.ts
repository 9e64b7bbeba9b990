import { eventually, startNats } from '@jobstream/testing';
import { expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

async function typeOf(name: string): Promise<Record<string, unknown> | undefined> {
  const { items } = (await (await api.fetch('/api/types')).json()) as { items: Record<string, unknown>[] };
  return items.find(({ type }) => type === name);
}

/** Works on a type as a worker does, and counts what comes. */
async function openQueue(jobType: string) {
  const ids: string[] = [];
  const queue = await api.log.openQueue({
    jobType,
    concurrency: 3,
    rate: { starts: 600, perMs: 60_000 },
    ackWaitMs: 10_000,
    onDelivery: async (delivery) => {
      ids.push(delivery.jobId);
      delivery.ack();
    },
  });
  return { ids, [Symbol.asyncDispose]: () => queue.stop() };
}

test('a type is paused, shown as paused with what waits, and resumed; each twice is fine', async () => {
  await using queue = await openQueue('email');
  const limits = { concurrency: 3, rate: '600/m' };
  expect(await typeOf('email')).toEqual({ type: 'email', paused: false, backlog: 0, inFlight: 0, limits });
  for (const _twice of [1, 2]) {
    const response = await api.post('/api/types/email/pause');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ type: 'email', paused: true, backlog: 0, inFlight: 0, limits });
  }
  await api.post('/api/jobs', { type: 'email' });
  expect(await typeOf('email')).toMatchObject({ paused: true, backlog: 1 });
  expect(queue.ids).toEqual([]);
  for (const _twice of [1, 2]) {
    const response = await api.fetch('/api/types/email/resume', { method: 'POST' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ type: 'email', paused: false });
  }
  await eventually(() => expect(queue.ids).toHaveLength(1));
  await eventually(async () => expect(await typeOf('email')).toMatchObject({ paused: false, backlog: 0, inFlight: 0 }));
});

test('a pause may have an end, which a later pause replaces', async () => {
  const response = await api.post('/api/types/fax/pause', { until: '2030-01-01T01:00:00+01:00' });
  expect(await response.json()).toEqual({
    type: 'fax',
    paused: true,
    until: '2030-01-01T00:00:00.000Z',
    backlog: 0,
    inFlight: 0,
  });
  await api.post('/api/types/fax/pause');
  expect(await typeOf('fax')).not.toHaveProperty('until');
  const far = await api.post('/api/types/fax/pause', { until: '9999-12-31T23:59:59Z' });
  expect(await far.json()).toMatchObject({ paused: true });
});

test.each([
  ['/api/types/fax/pause', { until: '2020-01-01T00:00:00Z' }, 422, 'invalid-request'],
  ['/api/types/fax/pause', { until: 'noon' }, 422, 'invalid-request'],
  ['/api/types/fax/pause', { til: '2030-01-01T00:00:00Z' }, 422, 'invalid-request'],
  ['/api/types/FAX/pause', {}, 404, 'type-not-found'],
  ['/api/types/a.b/pause', {}, 404, 'type-not-found'],
  ['/api/types/*/resume', {}, 404, 'type-not-found'],
  ['/api/types/never-seen/resume', {}, 404, 'type-not-found'],
])('POST %s %j is %i', async (path, body, status, code) => {
  const response = await api.post(path, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ type: `urn:jobstream:problem:${code}` });
});

test('while the log is unavailable the response is 503, in time', async () => {
  await using own = await startNats();
  await using away = await startApi({ natsUrl: own.url, databaseUrl: stage.databaseUrl });
  await own.kill('SIGKILL');
  const answers = await Promise.all([
    away.fetch('/api/types'),
    away.post('/api/types/email/pause'),
    away.post('/api/types/email/resume'),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
});
