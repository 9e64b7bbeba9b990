import { randomBytes, randomUUID } from 'node:crypto';
import { MAX_SIGNAL_BYTES } from '@jobstream/domain';
import { eventually } from '@jobstream/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { answerOf, type Answer } from '../../../testing/answerOf.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { carryOut } from '../../../testing/carryOut.ts';
import { projectAll } from '../../../testing/projectAll.ts';

const stage = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });
const { api } = stage;

const by = { type: 'object', properties: { by: { type: 'string' } }, required: ['by'] };

beforeAll(async () => {
  await announceWorker(api, { type: 'order', signals: { approved: by, note: null } });
  await announceWorker(api, { type: 'mail' });
});

const START = { kind: 'StartAttempt', worker: 'w' } as const;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const await_ = (...signals: string[]) =>
  ({ kind: 'SuspendAttempt', attempt: 1, until: inAnHour(), ranMs: 1, signals }) as const;
const read = (id: string, result: unknown = { by: 'ann' }) =>
  ({
    kind: 'RecordSteps',
    attempt: 1,
    steps: [{ name: 'approval', signal: { id, name: 'approved' }, result, durationMs: 0 }],
  }) as const;

const newJob = async (job: object = {}) =>
  (await answerOf(await api.post('/api/jobs', { type: 'order', payload: {}, ...job }))).body.id;
const get = async (path: string) => (await (await api.fetch(path)).json()) as Answer['body'];
const namesOf = async (id: string) => (await api.log.readHistory(id)).map(({ event }) => event.event).join(' ');

async function send(id: string, name: string, body?: object, headers: Record<string, string> = {}) {
  const given = body === undefined ? { 'content-type': '', ...headers } : headers;
  const response = await api.post(`/api/jobs/${id}/signals/${name}`, body, given);
  const { etag, 'idempotent-replayed': replayed } = Object.fromEntries(response.headers);
  return { ...(await answerOf(response)), etag, replayed };
}

const approve = (id: string, key?: string, payload: object = { by: 'ann' }) =>
  send(id, 'approved', { payload }, key === undefined ? {} : { 'idempotency-key': key });
const refusedAs = (type: string, status: number, body: object = {}) => ({
  status,
  body: { type: `urn:jobstream:problem:${type}`, ...body },
});

describe('a signal', () => {
  test('is stored for a job that does not wait for it yet, by whom and with its payload', async () => {
    const id = await newJob();
    const { status, body, etag } = await approve(id);
    expect({ status, etag, body }).toMatchObject({ status: 202, etag: '"2"', body: { id, status: 'pending' } });
    expect(body).toMatchObject({ unread: { approved: 1 }, signal: { name: 'approved' } });
    const [, signalled] = (await api.log.readHistory(id)).map(({ event }) => event);
    const { id: signalId, at } = body['signal'] as { id: string; at: string };
    expect(signalled).toMatchObject({ id: signalId, at, data: { name: 'approved', payload: { by: 'ann' } } });
    expect(signalled).toMatchObject({ event: 'JobSignalled', actor: { kind: 'api', id: 'anonymous' } });
    expect((await api.log.readJob(id))?.signals).toEqual([
      { id: signalId, name: 'approved', payload: { by: 'ann' }, at },
    ]);
    await projectAll(api.log, stage.databaseUrl);
    expect(await get(`/api/jobs/${id}`)).toMatchObject({ unread: { approved: 1 }, version: 2 });
  });

  test('needs no body, and then has null for a payload', async () => {
    const id = await newJob();
    expect(await send(id, 'note')).toMatchObject({ status: 202, body: { signal: { name: 'note' } } });
    expect(await send(id, 'note', {})).toMatchObject({ status: 202, body: { unread: { note: 2 } } });
    expect((await api.log.readJob(id))?.signals).toMatchObject([{ payload: null }, { payload: null }]);
  });

  test('makes a job due that waits for it, and calls the workers of its type', async () => {
    const type = `order-${randomUUID().slice(0, 8)}`;
    await using _worker = await announceWorker(api, { type, signals: { approved: null, note: null } });
    const id = await newJob({ type });
    await carryOut(api, id, START, await_('approved'));
    const { runAt: later, awaits } = await get(`/api/jobs/${id}`);
    expect(awaits).toEqual(['approved']);
    expect(await send(id, 'note')).toMatchObject({ body: { status: 'waiting', runAt: later } });
    const { body } = await approve(id);
    expect(body['runAt']).toBe((body['signal'] as { at: string }).at);
    const calls: string[] = [];
    const onDelivery = async (delivery: { readonly causationId: string }) => void calls.push(delivery.causationId);
    const queue = await api.log.openQueue({ jobType: type, concurrency: 5, ackWaitMs: 30_000, onDelivery });
    await eventually(() => expect(calls).toContain((body['signal'] as { id: string }).id));
    await queue.stop();
  });

  test('can be read by a step, and its job shows that', async () => {
    const id = await newJob();
    const signal = (await approve(id)).body['signal'] as { readonly id: string };
    const until = inAnHour();
    const wait = { name: 'payment', waitsUntil: until, durationMs: 0 };
    await carryOut(api, id, START, read(signal.id), { kind: 'RecordSteps', attempt: 1, steps: [wait] });
    await projectAll(api.log, stage.databaseUrl);
    expect((await get(`/api/jobs/${id}/steps`))['items']).toMatchObject([
      { name: 'approval', result: { by: 'ann' }, signal: { id: signal.id, name: 'approved' } },
      { name: 'payment', waitsUntil: until },
    ]);
    expect(await get(`/api/jobs/${id}`)).not.toHaveProperty('unread');
    const { items } = (await get(`/api/jobs/${id}/events`)) as unknown as { items: { event: string; data: object }[] };
    expect(items[1]).toMatchObject({ event: 'JobSignalled', data: { name: 'approved', payload: { by: 'ann' } } });
  });
});

describe('a signal is refused', () => {
  test('for a job that does not exist, or has ended', async () => {
    expect(await approve(randomUUID())).toMatchObject(refusedAs('job-not-found', 404));
    const id = await newJob();
    await api.post(`/api/jobs/${id}/cancel`);
    const detail = 'the job is cancelled: it takes no signals any more';
    expect(await approve(id)).toMatchObject(refusedAs('illegal-transition', 409, { detail }));
  });

  test('by a name that no worker of the type knows, which it tells apart from those that are known', async () => {
    const id = await newJob();
    const detail = 'jobs of the type order take no signal aproved, only approved, note; did you mean approved?';
    expect(await send(id, 'aproved', {})).toMatchObject(refusedAs('signal-not-found', 404, { detail }));
    const none = 'jobs of the type mail take no signals';
    const mail = await newJob({ type: 'mail' });
    expect(await send(mail, 'approved')).toMatchObject(refusedAs('signal-not-found', 404, { detail: none }));
    expect(await send(id, 'no%20name')).toMatchObject(refusedAs('signal-not-found', 404));
    expect(await namesOf(id)).toBe('JobCreated');
  });

  test('with a payload that does not fit, with the place of each mistake', async () => {
    const id = await newJob();
    const refused = await approve(id, undefined, { by: 5 });
    expect(refused).toMatchObject(refusedAs('invalid-request', 422, { errors: [{ pointer: '/payload/by' }] }));
    expect(await send(id, 'approved')).toMatchObject({ status: 422 });
    expect(await send(id, 'note', { payload: 1, more: 2 })).toMatchObject({ status: 422 });
    expect(await namesOf(id)).toBe('JobCreated');
  });

  test('beyond 64 KiB, and beyond what unread signals may have together, as they are stored', async () => {
    const id = await newJob();
    const note = (chars: number) => send(id, 'note', { payload: 'x'.repeat(chars) });
    expect(await note(MAX_SIGNAL_BYTES - 1)).toMatchObject(refusedAs('payload-too-large', 413));
    expect(await note(MAX_SIGNAL_BYTES - 2)).toMatchObject({ status: 202 });
    const signalId = (await api.log.readJob(id))?.signals?.[0]?.id ?? '';
    // Encrypted it takes a third more, so a second one would go beyond the bound.
    expect(await note(50_000)).toMatchObject(refusedAs('too-many-signals', 409));
    expect(await note(30_000)).toMatchObject({ status: 202 });
    const step = { name: 'noted', signal: { id: signalId, name: 'note' }, result: null, durationMs: 0 };
    await carryOut(api, id, START, { kind: 'RecordSteps', attempt: 1, steps: [step] });
    expect(await note(MAX_SIGNAL_BYTES - 2)).toMatchObject({ status: 202 });
  });

  test('of a job whose contents were erased', async () => {
    const id = await newJob();
    await api.fetch(`/api/jobs/${id}/payload`, { method: 'DELETE' });
    expect(await approve(id)).toMatchObject(refusedAs('illegal-transition', 409));
  });
});

describe('a request with the same key', () => {
  test('is answered as the first was: while the signal is unread, when it was read, and when the job has ended', async () => {
    const id = await newJob();
    const first = await approve(id, 'k');
    expect(first).toMatchObject({ status: 202, replayed: undefined });
    const { signal } = first.body as unknown as { readonly signal: { readonly id: string } };
    expect(signal.id).toMatch(/^.{14}8/);
    const again = { status: 202, replayed: 'true', body: { id, signal } };
    expect(await approve(id, 'k')).toMatchObject(again);
    await carryOut(api, id, START, read(signal.id));
    expect(await approve(id, 'k')).toMatchObject(again);
    await carryOut(api, id, { kind: 'CompleteAttempt', attempt: 1, durationMs: 1 });
    expect(await approve(id, 'k')).toMatchObject({ ...again, body: { signal, status: 'completed' } });
    expect(await namesOf(id)).toBe('JobCreated JobSignalled JobStarted JobStepsRecorded JobCompleted');
  });

  test('is refused with another name or payload, and is another signal for another job', async () => {
    const [id, other] = [await newJob(), await newJob()];
    await approve(id, 'k');
    const key = { 'idempotency-key': 'k' };
    expect(await send(id, 'note', undefined, key)).toMatchObject(refusedAs('idempotency-key-reused', 422));
    expect(await approve(id, 'k', { by: 'bob' })).toMatchObject(refusedAs('idempotency-key-reused', 422));
    expect(await approve(other, 'k', { by: 'bob' })).toMatchObject({ status: 202, replayed: undefined });
    expect(await approve(id, 'k2')).toMatchObject({ body: { unread: { approved: 2 } } });
  });

  test('stores one signal however many come at once', async () => {
    const id = await newJob();
    const answers = await Promise.all(Array.from({ length: 6 }, () => approve(id, 'k')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 202));
    expect(await namesOf(id)).toBe('JobCreated JobSignalled');
  });

  test('finds the signal that a step has read also where the log has lost its event', async () => {
    const id = await newJob();
    const { signal } = (await approve(id, 'k')).body as unknown as { readonly signal: { readonly id: string } };
    await carryOut(api, id, START, read(signal.id));
    const { steps = [] } = (await api.log.readJob(id)) ?? {};
    await carryOut(api, id, { kind: 'CarryJob', keepsCause: true, steps });
    const { sequence = 0 } = (await api.log.readJob(id)) ?? {};
    await api.log.prefix.purgeBefore(sequence);
    expect(await namesOf(id)).toBe('JobCarriedWithSteps');
    expect(await approve(id, 'k')).toMatchObject({
      status: 202,
      replayed: 'true',
      body: { signal: { id: signal.id } },
    });
  });
});

test('signals that come at the same time are all stored', async () => {
  const id = await newJob();
  const answers = await Promise.all(Array.from({ length: 4 }, () => send(id, 'note')));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect((await api.log.readJob(id))?.job.unread).toEqual({ note: 4 });
});

test('of a type that no worker has announced every signal is taken, with a warning', async () => {
  const id = await newJob({ type: 'unheard-of' });
  const warnings = [{ code: 'unknown-type', detail: expect.stringContaining('unheard-of') as string }];
  expect(await send(id, 'approved')).toMatchObject({ status: 202, body: { warnings } });
});

test('the signals of a type are known while none of its workers is there, and are listed with it', async () => {
  const type = `order-${randomUUID().slice(0, 8)}`;
  const id = await newJob({ type });
  const listed = async () => {
    const { items } = (await get('/api/types')) as unknown as { items: { type: string }[] };
    return items.find((one) => one.type === type);
  };
  {
    await using _worker = await announceWorker(api, { type, signals: { approved: by, note: null }, defaults: {} });
    expect(await listed()).toMatchObject({ announced: true, signals: { approved: by, note: null } });
    await eventually(async () => expect(await api.log.announcements.definitionOf(type)).toBeDefined());
  }
  await projectAll(api.log, stage.databaseUrl);
  await eventually(async () =>
    expect(await listed()).toMatchObject({ announced: false, signals: { approved: by, note: null } }),
  );
  expect(await send(id, 'paid')).toMatchObject(refusedAs('signal-not-found', 404));
  expect(await approve(id, undefined, { by: 5 })).toMatchObject({ status: 422 });
  expect(await approve(id)).toMatchObject({ status: 202 });
});

test('where the type only warns, a payload that does not fit is taken with a warning', async () => {
  const type = `order-${randomUUID().slice(0, 8)}`;
  await using _worker = await announceWorker(api, { type, signals: { approved: by } });
  await api.log.announcements.setPayloadCheck(type, 'warn');
  const id = await newJob({ type });
  await eventually(async () =>
    expect(await approve(id, undefined, { by: 5 })).toMatchObject({
      status: 202,
      body: { warnings: [{ code: 'payload-mismatch', errors: [{ pointer: '/payload/by' }] }] },
    }),
  );
});

test('any of the schemas of living workers may accept a payload, and any of them know the name', async () => {
  const type = `order-${randomUUID().slice(0, 8)}`;
  await using _older = await announceWorker(api, { type, signals: { approved: by, note: by } });
  await using _newer = await announceWorker(api, { type, signals: { approved: { type: 'number' } } });
  const id = await newJob({ type });
  for (const payload of [5, { by: 'ann' }])
    expect(await send(id, 'approved', { payload })).toMatchObject({ status: 202 });
  expect(await send(id, 'approved', { payload: 'x' })).toMatchObject({ status: 422 });
  expect(await send(id, 'note', { payload: { by: 'ann' } })).toMatchObject({ status: 202 });
});

// The last one: a process counts as alive for some seconds.
test('a signal is refused while a process lives that would not understand it', async () => {
  const id = await newJob();
  await using old = await announceWorker(api, { type: 'old', protocol: 7 });
  const detail = expect.stringContaining(old.worker) as string;
  await eventually(async () =>
    expect(await approve(id)).toMatchObject(refusedAs('upgrade-unfinished', 503, { detail })),
  );
  expect(await namesOf(id)).not.toMatch(/JobSignalled$/);
});
