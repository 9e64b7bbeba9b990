import { randomUUID } from 'node:crypto';
import { decide, isRejection, type JobCommandOf, type JobEvent } from '@jobstream/domain';
import { eventually, queryDatabase } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { failJob } from '../../../testing/failJob.ts';
import { projectAll } from '../../../testing/projectAll.ts';

const stage = useStage();
const { api } = stage;

interface FailedJob {
  readonly id: string;
  readonly type: string;
}

async function failedJob(): Promise<FailedJob> {
  const type = `type-${randomUUID()}`;
  const id = await failJob(api, { type, message: 'no', payload: { n: 1 } });
  await projectAll(api.log, stage.databaseUrl);
  return { id, type };
}

interface Operation {
  readonly id: string;
  readonly total: number;
}

/** A retry that has been accepted, with the job as it is now, and waits. */
async function paused({ id, type }: FailedJob, patch?: object): Promise<Operation> {
  const operation = randomUUID();
  const version = (await api.log.readJob(id))?.job.version;
  const stored = patch === undefined ? 'NULL' : `'${JSON.stringify(patch)}'`;
  await queryDatabase(
    stage.databaseUrl,
    `INSERT INTO operations (id, kind, status, actor, filter, patch, total)
       VALUES ('${operation}', 'retry', 'paused', '{"kind": "api", "id": "anonymous"}', '{}', ${stored}, 1);
     INSERT INTO operation_jobs (operation_id, position, job_id, job_type, job_version)
       VALUES ('${operation}', 1, '${id}', '${type}', ${version})`,
  );
  return { id: operation, total: 1 };
}

/** Carries the operation out to its end, and returns what became of its job. */
async function resumed({ id }: Operation) {
  await api.post(`/api/operations/${id}/resume`);
  const read = async () => (await (await api.fetch(`/api/operations/${id}`)).json()) as { status: string };
  await eventually(async () => expect((await read()).status).toBe('completed'));
  const jobs = (await (await api.fetch(`/api/operations/${id}/jobs`)).json()) as { items: readonly object[] };
  return { ...(await read()), items: jobs.items };
}

type Written =
  Pick<JobCommandOf<'CarryJob'>, 'kind' | 'keepsCause'> | Pick<JobCommandOf<'ChangePayload'>, 'kind' | 'payload'>;

/** Appends the event of a command, as another process does, or one that carried the operation out before. */
async function write({ id }: FailedJob, command: Written, operation?: Operation): Promise<void> {
  const found = await api.log.readJob(id);
  const of = {
    eventId: randomUUID(),
    at: new Date().toISOString(),
    actor: { kind: 'api', id: 'test' },
    ...(operation === undefined ? {} : { correlationId: operation.id }),
  } as const;
  const decision = decide({ ...of, ...command }, found?.job);
  if (isRejection(decision)) throw new Error(decision.detail);
  await api.log.append(decision satisfies JobEvent, found?.sequence ?? 0);
}

const carry = { kind: 'CarryJob', keepsCause: false } as const;
const patched = { kind: 'ChangePayload', payload: { n: 2 } } as const;

async function lastEvents({ id }: FailedJob, count: number): Promise<readonly string[]> {
  return (await api.log.readHistory(id)).slice(-count).map(({ event }) => event.event);
}

describe('a retry', () => {
  test('of a job that was only carried when its process died requeues it', async () => {
    const job = await failedJob();
    const operation = await paused(job);
    await write(job, carry, operation);
    expect(await resumed(operation)).toMatchObject({ done: 1, skipped: 0 });
    expect(await lastEvents(job, 3)).toEqual(['JobFailed', 'JobCarried', 'JobRequeued']);
  });

  test('of a job that was only carried when its process died, and that others have changed since, is not reported as done', async () => {
    const job = await failedJob();
    const operation = await paused(job);
    await write(job, carry, operation);
    await write(job, { ...patched, payload: 'by another' });
    const items = [{ id: job.id, outcome: 'skipped', reason: 'the job has changed since the operation was accepted' }];
    expect(await resumed(operation)).toMatchObject({ done: 0, skipped: 1, items });
    expect((await api.log.readJob(job.id))?.job.status).toBe('failed');
  });

  test('with a patch, of a job that was carried and patched when its process died, requeues it with the patch', async () => {
    const job = await failedJob();
    const operation = await paused(job, { n: 2 });
    await write(job, carry, operation);
    await write(job, patched, operation);
    await write(job, carry);
    expect(await resumed(operation)).toMatchObject({ done: 1, skipped: 0 });
    expect(await lastEvents(job, 4)).toEqual(['JobCarried', 'JobPayloadChanged', 'JobCarried', 'JobRequeued']);
    expect((await api.log.readJob(job.id))?.job).toMatchObject({ status: 'pending', payload: { n: 2 } });
  });

  test.each([
    ['without a patch', undefined],
    ['with a patch', { n: 2 }],
  ])('%s, of a job that a keeper has carried since it was accepted takes it as it was', async (_with, patch) => {
    const job = await failedJob();
    const operation = await paused(job, patch);
    await write(job, carry);
    await write(job, carry);
    expect(await resumed(operation)).toMatchObject({ done: 1, skipped: 0 });
    const { status, payload } = (await api.log.readJob(job.id))?.job ?? {};
    expect({ status, payload }).toEqual({ status: 'pending', payload: { n: 1, ...patch } });
  });
});

test('a replay that is done again after its jobs were retried finds what it had created', async () => {
  const job = await failedJob();
  const response = await api.post('/api/jobs/replay', { filter: { type: job.type } });
  const operation = (await response.json()) as Operation;
  const first = await resumed(operation);
  expect(first).toMatchObject({ done: 1 });
  const unrecorded = `UPDATE operations SET status = 'paused', done = 0, finished_at = NULL WHERE id = '${operation.id}';
    UPDATE operation_jobs SET outcome = NULL, new_job_id = NULL WHERE operation_id = '${operation.id}'`;
  await queryDatabase(stage.databaseUrl, unrecorded);
  await api.post(`/api/jobs/${job.id}/retry`);
  expect(await resumed(operation)).toMatchObject({ done: 1, skipped: 0, items: first.items });
});
