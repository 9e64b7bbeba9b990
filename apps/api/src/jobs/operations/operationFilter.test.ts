import { randomUUID } from 'node:crypto';
import { JobProjection } from '@jobstream/readmodel';
import { eventually, queryDatabase } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { failJob } from '../../../testing/failJob.ts';
import { projectAll } from '../../../testing/projectAll.ts';

const stage = useStage();
const { api } = stage;
const project = () => projectAll(api.log, stage.databaseUrl);
const typeName = () => `type-${randomUUID()}`;

async function answerOf<Body>(response: Promise<Response>): Promise<Body> {
  return (await (await response).json()) as Body;
}

async function matched(filter: object, kind = 'retry'): Promise<number> {
  return (await answerOf<{ matched: number }>(api.post('/api/operations', { kind, filter, dryRun: true }))).matched;
}

interface Operation {
  readonly id: string;
  readonly status: string;
}

/** Begins an operation and returns it when it has ended, with its jobs. */
async function carriedOut(body: object) {
  const { id } = await answerOf<Operation>(api.post('/api/operations', body));
  const read = () => answerOf<Operation>(api.fetch(`/api/operations/${id}`));
  await eventually(async () => expect((await read()).status).toBe('completed'));
  const { items } = await answerOf<{ items: unknown[] }>(api.fetch(`/api/operations/${id}/jobs`));
  return { ...(await read()), items };
}

async function statusOf(id: string): Promise<string | undefined> {
  return (await api.log.readJob(id))?.job.status;
}

describe('the jobs of an operation', () => {
  test('are chosen by what lists take, also by the group of a failure', async () => {
    const type = typeName();
    const alike = [
      await failJob(api, { type, message: 'mailbox 1 is full' }),
      await failJob(api, { type, message: 'mailbox 2 is full' }),
    ];
    const other = await failJob(api, { type, message: 'no such user' });
    await project();
    const { items } = await answerOf<{ items: { id: string }[] }>(api.fetch(`/api/failures?type=${type}`));
    const failure = items[0]?.id;
    expect(await matched({ failure, finishedAfter: '2020-01-01T00:00:00Z' })).toBe(2);
    expect(await matched({ failure, finishedBefore: '2020-01-01T00:00:00Z' })).toBe(0);
    expect(await matched({ type: [type, 'none'], errorCode: 'E452', status: ['failed', 'cancelled'] })).toBe(3);
    expect(await matched({ type, worker: 'nobody' })).toBe(0);
    expect(await carriedOut({ kind: 'retry', filter: { failure } })).toMatchObject({ total: 2, done: 2 });
    expect(await Promise.all([...alike, other].map(statusOf))).toEqual(['pending', 'pending', 'failed']);
  });

  test('are named one by one, or found by a search', async () => {
    const type = typeName();
    const projection = await JobProjection.open(stage.databaseUrl, undefined, new Map([[type, ['customer']]]));
    await projection.tryAcquire();
    await projection.close();
    const [first = '', , third = ''] = await Promise.all(
      ['ACME', 'ACME', 'Globex'].map((customer) => failJob(api, { type, message: 'no', payload: { customer } })),
    );
    await project();
    expect(await matched({ type, search: 'customer=ACME' })).toBe(2);
    expect(await carriedOut({ kind: 'retry', filter: { type, search: ['customer=Globex'] } })).toMatchObject({
      items: [{ id: third, outcome: 'done' }],
    });
    expect(await carriedOut({ kind: 'retry', filter: { ids: [first] } })).toMatchObject({
      items: [{ id: first, outcome: 'done' }],
    });
  });

  test.each([
    [{ search: 'customer=A' }, '/filter/search', 'must be given together with one type'],
    [{ type: 'E-Mail' }, '/filter/type', expect.stringContaining('must be a job type')],
    [{ ids: [] }, '/filter/ids', expect.any(String)],
    [{ failure: 'x' }, '/filter/failure', 'must be the id of a group of failures'],
    [{ status: ['failed', 'pending'] }, '/filter/status', 'must be completed, failed or cancelled'],
  ])('of %j are refused with a sentence', async (filter, pointer, detail) => {
    const response = await api.post('/api/operations', { kind: 'replay', filter });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ pointer, detail }] });
  });
});

describe('a retry with a patch', () => {
  test('mends the payload of each job, keeps the old one in its history, and requeues it', async () => {
    const type = typeName();
    const id = await failJob(api, { type, message: 'no', payload: { url: 'http://a/', to: 'x' } });
    await project();
    const retried = await carriedOut({ kind: 'retry', filter: { type }, patch: { url: null, endpoint: 'http://a/' } });
    expect(retried).toMatchObject({ total: 1, done: 1 });
    expect((await api.log.readJob(id))?.job).toMatchObject({
      status: 'pending',
      payload: { to: 'x', endpoint: 'http://a/' },
    });
    const last = (await api.log.readHistory(id)).slice(-2).map(({ event }) => event);
    expect(last).toMatchObject([
      { event: 'JobPayloadChanged', correlationId: retried.id },
      { event: 'JobRequeued', correlationId: retried.id },
    ]);
  });

  test('refuses a payload that no worker accepts once it is patched, and leaves the job as it is', async () => {
    const type = typeName();
    const id = await failJob(api, { type, message: 'no', payload: { to: 'x' } });
    await announceWorker(api, { type, payloadSchema: { type: 'object', required: ['to'] } });
    await project();
    expect(await carriedOut({ kind: 'retry', filter: { type }, patch: { to: null } })).toMatchObject({
      items: [{ id, outcome: 'failed', reason: '/payload/to is required' }],
    });
    expect((await api.log.readJob(id))?.job).toMatchObject({ status: 'failed', payload: { to: 'x' } });
  });

  test('goes on with a job whose payload it had changed before a crash', async () => {
    const [type, operation] = [typeName(), randomUUID()];
    const id = await failJob(api, { type, message: 'no', payload: { n: 1 } });
    await beginPaused(operation, { id, type });
    await changePayload({ id, type }, { n: 2 }, operation);
    await api.post(`/api/operations/${operation}/resume`);
    const read = () => answerOf<Operation>(api.fetch(`/api/operations/${operation}`));
    await eventually(async () => expect(await read()).toMatchObject({ status: 'completed', done: 1 }));
    expect((await api.log.readJob(id))?.job).toMatchObject({ status: 'pending', payload: { n: 2 } });
    const names = (await api.log.readHistory(id)).map(({ event }) => event.event);
    expect(names.slice(-3)).toEqual(['JobFailed', 'JobPayloadChanged', 'JobRequeued']);
  });
});

interface FailedJob {
  readonly id: string;
  readonly type: string;
}

/** A retry with a patch that has been accepted. */
async function beginPaused(operation: string, { id, type }: FailedJob): Promise<void> {
  const version = (await api.log.readJob(id))?.job.version;
  await queryDatabase(
    stage.databaseUrl,
    `INSERT INTO operations (id, kind, status, actor, filter, patch, total)
       VALUES ('${operation}', 'retry', 'paused', '{"kind": "api", "id": "anonymous"}', '{}', '{"n": 2}', 1);
     INSERT INTO operation_jobs (operation_id, position, job_id, job_type, job_version)
       VALUES ('${operation}', 1, '${id}', '${type}', ${version})`,
  );
}

async function changePayload({ id, type }: FailedJob, payload: unknown, correlationId: string): Promise<void> {
  const { job, sequence = 0 } = (await api.log.readJob(id)) ?? {};
  const ofJob = { v: 1, jobId: id, jobType: type, version: (job?.version ?? 0) + 1 } as const;
  const of = { id: randomUUID(), at: new Date().toISOString(), actor: { kind: 'api', id: 'anonymous' } } as const;
  await api.log.append({ ...ofJob, ...of, correlationId, event: 'JobPayloadChanged', data: { payload } }, sequence);
}
