import { eventually, startNats } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { announceWorker } from '../../testing/announceWorker.ts';
import { useStage } from '../../testing/apiStage.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { startApi } from '../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

async function typeOf(name: string): Promise<Record<string, unknown> | undefined> {
  const { items } = (await (await api.fetch('/api/types')).json()) as { items: Record<string, unknown>[] };
  return items.find(({ type }) => type === name);
}

const json = (body: object) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** The fields of a pause that somebody without credentials has set. */
const byAnonymous = { pausedAt: expect.any(String) as string, pausedBy: { kind: 'api', id: 'anonymous' } };

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
  const idle = { backlog: 0, inFlight: 0, limits: { concurrency: 3, rate: '600/m' }, announced: false, workers: [] };
  expect(await typeOf('email')).toEqual({ type: 'email', paused: false, ...idle });
  for (const _twice of [1, 2]) {
    const response = await api.post('/api/types/email/pause');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ type: 'email', paused: true, ...byAnonymous, ...idle });
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
    ...byAnonymous,
    backlog: 0,
    inFlight: 0,
    announced: false,
    workers: [],
  });
  await api.post('/api/types/fax/pause');
  expect(await typeOf('fax')).not.toHaveProperty('until');
  const far = await api.post('/api/types/fax/pause', { until: '9999-12-31T23:59:59Z' });
  expect(await far.json()).toMatchObject({ paused: true });
});

test('a pause says who has set it, when and why, until it is lifted', async () => {
  const { text } = await api.keys.create({ name: 'on-call', scopes: ['admin'], tenant: null, expiresAt: null });
  const reason = 'the mail server is down';
  await api.post('/api/types/telex/pause', { reason }, { authorization: `Bearer ${text}` });
  expect(await typeOf('telex')).toMatchObject({
    pausedAt: expect.stringMatching(/Z$/) as string,
    pausedBy: { kind: 'api', id: text.split('_')[1] },
    pauseReason: reason,
  });
  await api.fetch('/api/types/telex/resume', { method: 'POST' });
  expect(Object.keys((await typeOf('telex')) ?? {})).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^pause[dR]./)]),
  );
});

test('all types are paused for a reason, which waiting jobs show, and resumed but for one that was paused alone', async () => {
  await api.post('/api/types/alone/pause', { reason: 'alone' });
  await announceWorker(api, { type: 'idle' });
  await eventually(async () => expect(await typeOf('idle')).toMatchObject({ announced: true }));
  const paused = await api.post('/api/types/_all/pause', { reason: 'move' });
  expect(paused.status).toBe(200);
  const withAll = { paused: true, ...byAnonymous, pauseReason: 'move', pausedWithAll: true };
  const { items } = (await paused.json()) as { items: { type: string }[] };
  expect(items).toContainEqual(expect.objectContaining({ type: 'idle', ...withAll }));
  expect(items).toContainEqual(expect.objectContaining({ type: 'alone', pauseReason: 'alone' }));
  const { id } = (await (await api.post('/api/jobs', { type: 'idle' })).json()) as { id: string };
  await eventually(async () =>
    expect(await (await api.fetch(`/api/jobs/${id}`)).json()).toMatchObject({
      waitingFor: { reason: 'paused', by: byAnonymous.pausedBy, why: 'move', all: true },
    }),
  );
  const resumed = await api.fetch('/api/types/_all/resume', { method: 'POST' });
  const after = ((await resumed.json()) as { items: { type: string; paused: boolean }[] }).items;
  expect(after.filter((type) => type.paused).map(({ type }) => type)).toEqual(
    expect.not.arrayContaining([expect.stringMatching(/^(idle|email)$/)]),
  );
  expect(after).toContainEqual(expect.objectContaining({ type: 'alone', paused: true }));
  const records = (await (await api.fetch('/api/audit?subjectKind=types')).json()) as { items: object[] };
  expect(records.items).toMatchObject([
    { action: 'types.resume', subject: { kind: 'types' }, outcome: 'succeeded' },
    { action: 'types.pause', reason: 'move', details: { reason: 'move' } },
  ]);
});

test.each([
  ['/api/types/_all/pause', { until: '2020-01-01T00:00:00Z' }, 422, 'invalid-request'],
  ['/api/types/fax/pause', { reason: 'x'.repeat(1_001) }, 422, 'invalid-request'],
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
    away.post('/api/types/_all/pause'),
    away.post('/api/types/_all/resume'),
    away.fetch('/api/types/email', { ...json({ payloadCheck: 'warn' }), method: 'PATCH' }),
    away.fetch('/api/types/email', { method: 'DELETE' }),
    away.fetch('/api/workers/build-7', { method: 'DELETE' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 503));
  expect((await away.fetch('/api/workers')).status).toBe(200);
});

describe('an announced type', () => {
  const payloadSchema = { type: 'object', properties: { width: { type: 'integer' } } };

  test('is shown with its schemas and living workers', async () => {
    const { worker } = await announceWorker(api, {
      type: 'thumbnail',
      payloadSchema,
      resultSchema: true,
      version: '1.4.0',
    });
    const shown = {
      type: 'thumbnail',
      paused: false,
      backlog: 0,
      inFlight: 0,
      limits: { concurrency: 5 },
      announced: true,
      workers: [{ worker, name: 'tests', version: '1.4.0', host: 'build-7', startedAt: expect.any(String) as string }],
      payloadCheck: 'refuse',
      payloadSchema,
      resultSchema: true,
    };
    await eventually(async () => expect(await typeOf('thumbnail')).toEqual(shown));
  });

  test('shows how many schemas its living workers have, and that of the newest', async () => {
    await announceWorker(api, { type: 'resize', payloadSchema: { minProperties: 9 }, live: false });
    await announceWorker(api, { type: 'resize', startedAt: '2026-01-01T00:00:00Z' });
    expect(await typeOf('resize')).not.toHaveProperty('schemasDiffer');
    await announceWorker(api, { type: 'resize', payloadSchema });
    expect(await typeOf('resize')).toMatchObject({ schemasDiffer: 2, payloadSchema });
  });

  test('shows the definition that holds, and others of living workers', async () => {
    const startedAt = '2026-01-01T00:00:00Z';
    await announceWorker(api, { type: 'report', startedAt: '2025-01-01T00:00:00Z', defaults: {}, live: false });
    const { worker: old } = await announceWorker(api, { type: 'report', startedAt, defaults: { maxAttempts: 7 } });
    expect(await typeOf('report')).toMatchObject({ definition: { maxAttempts: 7, worker: old } });
    expect(await typeOf('report')).not.toHaveProperty('otherDefinitions');
    await announceWorker(api, { type: 'report', startedAt: '2025-06-01T00:00:00Z', defaults: { maxAttempts: 7 } });
    const { worker } = await announceWorker(api, { type: 'report', defaults: { maxAttempts: 4, timeoutMs: 60_000 } });
    expect(await typeOf('report')).toMatchObject({
      definition: { maxAttempts: 4, timeoutMs: 60_000, worker },
      otherDefinitions: [{ maxAttempts: 7, worker: old, startedAt }],
    });
  });

  test('is removed with its settings, twice is fine', async () => {
    await announceWorker(api, { type: 'crop', live: false });
    await api.fetch('/api/types/crop', { ...json({ payloadCheck: 'warn' }), method: 'PATCH' });
    await eventually(async () => expect(await typeOf('crop')).toMatchObject({ payloadCheck: 'warn' }));
    for (const _twice of [1, 2]) expect((await api.fetch('/api/types/crop', { method: 'DELETE' })).status).toBe(204);
    await eventually(async () => expect(await typeOf('crop')).toBeUndefined());
    await announceWorker(api, { type: 'crop' });
    expect(await typeOf('crop')).toMatchObject({ payloadCheck: 'refuse' });
  });
});

test('a misspelt type is listed as one without workers, with its jobs', async () => {
  await api.post('/api/jobs/batch', { jobs: [{ type: 'thumbnial' }, { type: 'thumbnial', delayMs: 60_000 }] });
  await api.post('/api/jobs', { type: 'later', delayMs: 60_000 });
  await projectAll(api.log, stage.databaseUrl);
  const idle = { paused: false, inFlight: 0, announced: false, workers: [] };
  const misspelt = { type: 'thumbnial', ...idle, backlog: 1, waitingSince: expect.any(String) as string };
  await eventually(async () => expect(await typeOf('thumbnial')).toEqual(misspelt));
  expect(await typeOf('later')).toMatchObject({ backlog: 0, workers: [] });
});

test('a backlog is shown with when its oldest job became ready', async () => {
  await api.post('/api/types/waiting/pause');
  const created = (await (await api.post('/api/jobs', { type: 'waiting' })).json()) as { createdAt: string };
  await eventually(async () => expect(await typeOf('waiting')).toHaveProperty('waitingSince'));
  const { waitingSince } = (await typeOf('waiting')) ?? {};
  expect(Math.abs(Date.parse(String(waitingSince)) - Date.parse(created.createdAt))).toBeLessThan(60_000);
});

test.each([
  ['/api/types/fax', { payloadCheck: 'maybe' }, 422, 'invalid-request'],
  ['/api/types/FAX', { payloadCheck: 'warn' }, 404, 'type-not-found'],
])('PATCH %s %j is %i', async (path, body, status, code) => {
  const response = await api.fetch(path, { ...json(body), method: 'PATCH' });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ type: `urn:jobstream:problem:${code}` });
});
