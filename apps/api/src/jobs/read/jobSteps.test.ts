import { randomBytes } from 'node:crypto';
import { retireJobs } from '@jobstream/readmodel';
import { beforeAll, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { carryOut } from '../../../testing/carryOut.ts';
import { projectAll } from '../../../testing/projectAll.ts';

const stage = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });
const { api } = stage;

beforeAll(async () => {
  await announceWorker(api, { type: 'mail' });
});

const error = { name: 'TypeError', message: 'declined', stack: 'at charge' };
const START = { kind: 'StartAttempt', worker: 'w' } as const;
const RECORD = {
  kind: 'RecordSteps',
  attempt: 1,
  steps: [
    { name: 'charge', result: { id: 'ch_1' }, durationMs: 3 },
    { name: 'send', key: 'a', error, durationMs: 4 },
  ],
} as const;
const COMPLETE = { kind: 'CompleteAttempt', attempt: 1, durationMs: 1 } as const;
const FAIL = { kind: 'FailAttempt', attempt: 1, error, cause: 'unrecoverable', random: 0, durationMs: 1 } as const;

async function failedJob(): Promise<string> {
  const response = await api.post('/api/jobs', { type: 'mail', payload: { to: 'a' } });
  const { id } = (await response.json()) as { readonly id: string };
  await carryOut(api, id, START, RECORD, FAIL);
  return id;
}

const read = async (path: string) => (await (await api.fetch(path)).json()) as Record<string, unknown>;
const retry = async (id: string, body: object) => (await api.post(`/api/jobs/${id}/retry`, body)).status;

test('the steps of a job are read with their results and errors, decrypted', async () => {
  const id = await failedJob();
  await projectAll(api.log, stage.databaseUrl);
  const { items } = await read(`/api/jobs/${id}/steps`);
  expect(items).toMatchObject([
    { name: 'charge', attempt: 1, result: { id: 'ch_1' }, durationMs: 3, endedAt: expect.stringMatching(/Z$/) },
    { name: 'send', key: 'a', attempt: 1, error: { name: 'TypeError', message: 'declined' }, durationMs: 4 },
  ]);
  expect(await read(`/api/jobs/${id}`)).toMatchObject({ stepsRecorded: 2 });
  expect((await api.fetch(`/api/jobs/${crypto.randomUUID()}/steps`)).status).toBe(404);
});

test('those of a job that has left the table are read from the log', async () => {
  const id = await failedJob();
  await carryOut(api, id, { kind: 'RequeueJob' }, START, COMPLETE);
  await projectAll(api.log, stage.databaseUrl);
  const before = await read(`/api/jobs/${id}/steps`);
  expect(before['items']).toHaveLength(2);
  await retireJobs(stage.databaseUrl, '2099-01-01T00:00:00.000Z', new AbortController().signal);
  expect(await read(`/api/jobs/${id}/steps`)).toEqual(before);
});

test('a job without steps has none', async () => {
  const response = await api.post('/api/jobs', { type: 'mail', payload: {} });
  const { id } = (await response.json()) as { readonly id: string };
  expect(await read(`/api/jobs/${id}/steps`)).toEqual({ items: [] });
  expect(await read(`/api/jobs/${id}`)).not.toHaveProperty('stepsRecorded');
});

test('they are erased with the other contents of the job', async () => {
  const id = await failedJob();
  await projectAll(api.log, stage.databaseUrl);
  expect((await api.fetch(`/api/jobs/${id}/payload`, { method: 'DELETE' })).status).toBe(200);
  const { items } = await read(`/api/jobs/${id}/steps`);
  expect(items).toMatchObject([{ result: { shredded: true } }, { error: { message: 'shredded' } }]);
});

test('a retry with another payload drops them, unless it keeps them', async () => {
  const [dropping, keeping, same] = [await failedJob(), await failedJob(), await failedJob()];
  expect(await retry(dropping, { payload: { to: 'b' } })).toBe(200);
  expect(await retry(keeping, { payload: { to: 'b' }, keepSteps: true })).toBe(200);
  expect(await retry(same, { reason: 'once more' })).toBe(200);
  await projectAll(api.log, stage.databaseUrl);
  const numbers = await Promise.all(
    [dropping, keeping, same].map(async (id) => ((await read(`/api/jobs/${id}/steps`))['items'] as object[]).length),
  );
  expect(numbers).toEqual([0, 2, 2]);
  expect(await retry(await failedJob(), { keepSteps: true })).toBe(422);
});
