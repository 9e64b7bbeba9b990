import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import type { StartRate } from '@jobstream/eventlog';
import type { Scope } from '@jobstream/readmodel';
import { eventually } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import type { WaitingFor } from '../view/waitingView.ts';

const stage = useStage();
const { api } = stage;

/** A job type of its own for each test, since they share the servers. */
const newType = () => `type-${randomUUID().slice(0, 8)}`;

/** The headers of a caller of the tenant; those of one without a tenant are none, since the API is open. */
async function callerOf(tenant?: string): Promise<Record<string, string>> {
  return tenant === undefined ? {} : keyOf(['jobs:read', 'jobs:write'], tenant);
}

async function keyOf(scopes: readonly Scope[], tenant: string | null = null): Promise<Record<string, string>> {
  const { text } = await api.keys.create({ name: scopes.join(' '), scopes, tenant, expiresAt: null });
  return { authorization: `Bearer ${text}` };
}

async function newJob(type: string, fields: object = {}, tenant?: string): Promise<string> {
  const response = await api.post('/api/jobs', { type, ...fields }, await callerOf(tenant));
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

async function whyOf(id: string, tenant?: string): Promise<WaitingFor | undefined> {
  const response = await api.fetch(`/api/jobs/${id}`, { headers: await callerOf(tenant) });
  return ((await response.json()) as { waitingFor?: WaitingFor }).waitingFor;
}

async function whyInList(id: string, tenant?: string): Promise<WaitingFor | undefined> {
  await projectAll(api.log, stage.databaseUrl);
  const response = await api.fetch('/api/jobs?limit=100', { headers: await callerOf(tenant) });
  const { items } = (await response.json()) as { items: { id: string; waitingFor?: WaitingFor }[] };
  return items.find((item) => item.id === id)?.waitingFor;
}

async function append(
  id: string,
  type: string,
  events: readonly Pick<JobEvent, 'event' | 'data'>[],
  at = new Date().toISOString(),
): Promise<void> {
  const { sequence = 0, job } = (await api.log.readJob(id)) ?? {};
  let [last, version] = [sequence, job?.version ?? 0];
  for (const event of events) {
    version += 1;
    const common = { v: 1, id: randomUUID(), jobId: id, jobType: type, actor: { kind: 'worker', id: 'w' } } as const;
    last = await api.log.append({ ...common, version, at, ...event } as JobEvent, last);
  }
}

const started = (worker = 'w'): Pick<JobEvent, 'event' | 'data'> => ({
  event: 'JobStarted',
  data: { attempt: 1, worker },
});

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const created: Pick<JobEvent, 'event' | 'data'> = {
  event: 'JobCreated',
  data: { payload: null, maxAttempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 1_000, tags: [] },
};

/** Takes jobs as a worker does, and keeps each until the gate opens. */
async function openQueue(type: string, options: { concurrency: number; rate?: StartRate }, gate: Promise<void>) {
  const queue = await api.log.openQueue({
    ...options,
    jobType: type,
    ackWaitMs: 30_000,
    onDelivery: async (delivery) => {
      await gate;
      delivery.ack();
    },
  });
  return { [Symbol.asyncDispose]: () => queue.stop() };
}

describe('a job says why it does not run', () => {
  test('before it is due', async () => {
    const runAt = new Date(Date.now() + 3_600_000).toISOString();
    const id = await newJob(newType(), { runAt });
    expect(await whyOf(id)).toEqual({ reason: 'due', at: runAt });
    expect(await whyInList(id)).toEqual({ reason: 'due', at: runAt });
  });

  test('between two attempts', async () => {
    const type = newType();
    const id = await newJob(type);
    const retryAt = new Date(Date.now() + 3_600_000).toISOString();
    const error = { name: 'Error', message: 'no' };
    await append(id, type, [
      started(),
      { event: 'JobRetryScheduled', data: { attempt: 1, error, retryAt, durationMs: 1 } },
    ]);
    const backoff = { reason: 'backoff', attempt: 1, until: retryAt };
    expect(await whyOf(id)).toEqual(backoff);
    expect(await whyInList(id)).toEqual(backoff);
  });

  test('while its attempt sleeps: until when, and of a single job which sleep it is', async () => {
    const type = newType();
    const id = await newJob(type);
    const [until, later] = [minutesAgo(-5), minutesAgo(-9)];
    const slept = { name: 'until noon', result: later, durationMs: 0 };
    const charged = { name: 'charge', result: 'paid', durationMs: 3 };
    const sleeps = { name: 'poll', key: '2', result: until.replace('Z', '+00:00'), durationMs: 0 };
    await append(id, type, [
      started(),
      { event: 'JobStepsRecorded', data: { attempt: 1, from: 0, steps: [slept, charged, sleeps] } },
      { event: 'JobSuspended', data: { attempt: 1, until, ranMs: 12 } },
    ]);
    const asleep = { reason: 'sleep', attempt: 1, until };
    expect(await whyOf(id)).toEqual(asleep);
    expect(await whyInList(id)).toEqual(asleep);
    expect(await whyOf(id)).toEqual({ ...asleep, name: 'poll', key: '2' });
  });

  test('while its attempt waits for a signal: which, and of a single job until when, if that has an end', async () => {
    const type = newType();
    const [limited, endless] = [await newJob(type), await newJob(type)];
    const until = minutesAgo(-5);
    const wait = { name: 'approval', waitsUntil: until, durationMs: 0 };
    await append(limited, type, [
      started(),
      { event: 'JobStepsRecorded', data: { attempt: 1, from: 0, steps: [wait] } },
      { event: 'JobSuspended', data: { attempt: 1, until, ranMs: 12, signals: ['approved', 'rejected'] } },
    ]);
    const inAYear = minutesAgo(-366 * 24 * 60);
    await append(endless, type, [
      started(),
      { event: 'JobSuspended', data: { attempt: 1, until: inAYear, ranMs: 12, signals: ['approved'] } },
    ]);
    const since = (await api.log.readJob(limited))?.job.updatedAt;
    const waits = { reason: 'signal', attempt: 1, names: ['approved', 'rejected'], since };
    expect(await whyOf(limited)).toEqual(waits);
    expect(await whyInList(limited)).toEqual(waits);
    expect(await whyOf(limited)).toEqual({ ...waits, until });
    const sinceEver = (await api.log.readJob(endless))?.job.updatedAt;
    expect(await whyOf(endless)).toEqual({ reason: 'signal', attempt: 1, names: ['approved'], since: sinceEver });
  });

  test('while its type is paused: by whom, since when and why, until it is resumed', async () => {
    const type = newType();
    const id = await newJob(type);
    const admin = await keyOf(['admin']);
    await api.post(`/api/types/${type}/pause`, { reason: 'the mail server is down' }, admin);
    const paused = {
      reason: 'paused',
      since: expect.stringMatching(/Z$/) as string,
      by: { kind: 'api', id: admin['authorization']?.split('_')[1] },
      why: 'the mail server is down',
    };
    await eventually(async () => expect(await whyOf(id)).toEqual(paused));
    expect(await whyInList(id)).toEqual(paused);
    await api.fetch(`/api/types/${type}/resume`, { method: 'POST', headers: admin });
    await eventually(async () => expect(await whyOf(id)).toMatchObject({ reason: 'noWorker' }));
  });

  test('while no worker takes its type, until one comes', async () => {
    const type = newType();
    const id = await newJob(type);
    expect(await whyOf(id)).toEqual({ reason: 'noWorker', announced: false });
    expect(await whyInList(id)).toEqual({ reason: 'noWorker', announced: false });
    await using _worker = await announceWorker(api, { type });
    await eventually(async () => expect(await whyOf(id)).toMatchObject({ reason: 'queue' }));
  });

  test('while the workers of its type are gone, or take no more jobs', async () => {
    const type = newType();
    const id = await newJob(type);
    await using _gone = await announceWorker(api, { type, live: false });
    await eventually(async () => expect(await whyOf(id)).toMatchObject({ reason: 'noWorker', announced: true }));
    await using _stopping = await announceWorker(api, { type, stopping: true });
    await eventually(async () => expect(await whyOf(id)).toMatchObject({ reason: 'noWorker', announced: true }));
  });

  test('while all slots are taken: how many, and how many jobs are ahead, until one is free', async () => {
    const type = newType();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    await using _worker = await announceWorker(api, { type, limits: { concurrency: 1 } });
    await using _queue = await openQueue(type, { concurrency: 1 }, gate);
    const [running, ahead, id] = [await newJob(type), await newJob(type), await newJob(type)];
    await eventually(async () => {
      await projectAll(api.log, stage.databaseUrl);
      expect(await whyOf(id)).toEqual({ reason: 'concurrency', inFlight: 1, limit: 1, ahead: 2 });
    });
    expect(await whyOf(ahead)).toMatchObject({ ahead: 1 });
    expect(await whyInList(id)).toEqual({ reason: 'concurrency', inFlight: 1, limit: 1 });
    await append(running, type, [started()]);
    await projectAll(api.log, stage.databaseUrl);
    expect(await whyOf(id)).toMatchObject({ ahead: 1 });
    open();
    await eventually(async () => expect(await whyOf(id)).toMatchObject({ reason: 'queue' }));
  });

  test('while the rate is used up, until it allows more', async () => {
    const type = newType();
    const rate = { starts: 1, perMs: 4_000 };
    await using _worker = await announceWorker(api, { type, limits: { concurrency: 10, rate } });
    await using _queue = await openQueue(type, { concurrency: 10, rate }, Promise.resolve());
    const ids = [await newJob(type), await newJob(type)];
    await eventually(async () =>
      expect(await whyOf(ids[1] ?? '')).toMatchObject({ reason: 'rateLimit', rate: '1/4000ms' }),
    );
    await eventually(async () => expect(await whyOf(ids[1] ?? '')).toMatchObject({ reason: 'queue' }));
  });

  test('while it has an event of a newer release', async () => {
    const type = newType();
    const id = await newJob(type);
    const event = { v: 2, event: 'JobStarted', jobId: id, jobType: type, version: 2, fields: 'unknown here' };
    await api.log.append(event as unknown as JobEvent, (await api.log.readJob(id))?.sequence ?? 0);
    expect(await whyOf(id)).toEqual({ reason: 'upgrade', unreadableEvents: 1 });
  });
});

test('a job whose retry is due stands where it was due, not where its attempt failed', async () => {
  const type = newType();
  await using _worker = await announceWorker(api, { type });
  const id = await newJob(type);
  const error = { name: 'Error', message: 'no' };
  const retry = { attempt: 1, error, retryAt: minutesAgo(1), durationMs: 1 };
  await append(id, type, [started(), { event: 'JobRetryScheduled', data: retry }], minutesAgo(3));
  await append(randomUUID(), type, [created], minutesAgo(2));
  await projectAll(api.log, stage.databaseUrl);
  await eventually(async () => expect(await whyOf(id)).toMatchObject({ reason: 'queue', ahead: 1 }));
});

test('a job that runs says so, or that its worker is gone; one that has ended waits for nothing', async () => {
  const type = newType();
  const id = await newJob(type);
  const { worker } = await announceWorker(api, { type });
  await append(id, type, [started(worker)]);
  const since = expect.stringMatching(/Z$/) as string;
  expect(await whyOf(id)).toEqual({ reason: 'running', attempt: 1, worker, since });
  const [other, lost] = [await newJob(type), await announceWorker(api, { type, live: false })];
  await append(other, type, [started(lost.worker)]);
  await eventually(async () =>
    expect(await whyOf(other)).toMatchObject({ reason: 'lostWorker', attempt: 1, worker: lost.worker }),
  );
  expect(await whyInList(other)).toMatchObject({ reason: 'lostWorker' });
  await append(id, type, [{ event: 'JobCompleted', data: { attempt: 1, durationMs: 1 } }]);
  await projectAll(api.log, stage.databaseUrl);
  expect(await whyOf(id)).toBeUndefined();
});

test('a caller with a tenant learns neither who has paused a type nor what others do', async () => {
  const type = newType();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using _worker = await announceWorker(api, { type, limits: { concurrency: 1 } });
  await using _queue = await openQueue(type, { concurrency: 1 }, gate);
  for (const tenant of [undefined, 'globex', 'acme']) await newJob(type, {}, tenant);
  const id = await newJob(type, {}, 'acme');
  await eventually(async () => {
    await projectAll(api.log, stage.databaseUrl);
    expect(await whyOf(id, 'acme')).toEqual({ reason: 'concurrency', ahead: 1 });
  });
  expect(await whyOf(id)).toMatchObject({ reason: 'concurrency', ahead: 3, limit: 1 });
  await api.post(`/api/types/${type}/pause`, { reason: 'secret' }, await keyOf(['admin']));
  await eventually(async () =>
    expect(await whyOf(id, 'acme')).toEqual({ reason: 'paused', since: expect.any(String) as string }),
  );
  const listed = await whyInList(id, 'acme');
  open();
  expect(listed).toEqual({ reason: 'paused', since: expect.any(String) as string });
});

test('the state of an earlier moment has no reason, and a change of the reason is no new version', async () => {
  const id = await newJob(newType());
  const response = await api.fetch(`/api/jobs/${id}?asOf=${await api.log.lastSequence()}`);
  expect(await response.json()).not.toHaveProperty('waitingFor');
  expect((await api.fetch(`/api/jobs/${id}`, { headers: { 'if-none-match': '"1"' } })).status).toBe(304);
});
