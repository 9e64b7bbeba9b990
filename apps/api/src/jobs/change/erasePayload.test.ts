import { randomBytes, randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { migrate } from '@jobstream/readmodel';
import { createDatabase, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectAll } from '../../../testing/projectAll.ts';
import { startApi, type TestApi } from '../../../testing/startApi.ts';

let nats: TestNats;
let databaseUrl: string;
let api: TestApi;
let withoutKeys: TestApi;

beforeAll(async () => {
  nats = await startNats();
  databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  const servers = { natsUrl: nats.url, databaseUrl };
  const masterKeys = [{ id: 'test', secret: randomBytes(32) }];
  [api, withoutKeys] = await Promise.all([startApi({ ...servers, log: { masterKeys } }), startApi(servers)]);
});

afterAll(async () => {
  await Promise.all([api.stop(), withoutKeys.stop()]);
  await nats.stop();
});

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly detail?: string;
  readonly payload?: unknown;
  readonly error?: unknown;
}

const request = { type: 'email', payload: { to: 'secret@example.com' } };

async function newJob(by = api, headers: Record<string, string> = {}): Promise<string> {
  const response = await by.post('/api/jobs', request, headers);
  return ((await response.json()) as Answer).id;
}

async function fail(id: string): Promise<void> {
  const at = new Date().toISOString();
  const common = { v: 1, jobId: id, jobType: 'email', at, actor: { kind: 'worker', id: 'w' } } as const;
  const error = { name: 'SmtpError', message: 'secret@example.com is unknown', code: '550' };
  const data = { attempt: 1, error, reason: 'unrecoverable' } as const;
  const events: JobEvent[] = [
    { ...common, id: randomUUID(), version: 2, event: 'JobStarted', data: { attempt: 1, worker: 'w' } },
    { ...common, id: randomUUID(), version: 3, event: 'JobFailed', data },
  ];
  let sequence = (await api.log.readJob(id))?.sequence ?? 0;
  for (const event of events) sequence = await api.log.append(event, sequence);
}

async function erase(id: string, by = api): Promise<{ status: number; body: Answer }> {
  const response = await by.fetch(`/api/jobs/${id}/payload`, { method: 'DELETE' });
  return { status: response.status, body: (await response.json()) as Answer };
}

const show = async (path: string, by = api) => (await by.fetch(path)).text();

test('contents are shown as they were sent, from the log and from the table, and the table has none of them', async () => {
  const id = await newJob();
  await fail(id);
  expect(await show(`/api/jobs/${id}`)).toContain('secret@example.com');
  await projectAll(api.log, databaseUrl);
  for (const path of [`/api/jobs/${id}`, '/api/jobs']) {
    expect(await show(path)).toContain('secret@example.com is unknown');
    expect(await show(path, withoutKeys)).not.toContain('secret@example.com');
  }
  expect(JSON.parse(await show(`/api/jobs/${id}`, withoutKeys))).toMatchObject({ payload: { unreadable: true } });
});

test('what was erased reads as shredded, and the job can be neither retried nor told apart by its request', async () => {
  const key = { 'idempotency-key': randomUUID() };
  const id = await newJob(api, key);
  await fail(id);
  const shredded = { id, payload: { shredded: true }, error: { name: 'SmtpError', message: 'shredded', code: '550' } };
  expect(await erase(id)).toMatchObject({ status: 200, body: shredded });
  expect(await erase(id)).toMatchObject({ status: 200, body: shredded });

  const retried = await api.post(`/api/jobs/${id}/retry`);
  const { detail } = (await retried.json()) as Answer;
  expect({ status: retried.status, detail }).toEqual({ status: 409, detail: 'the payload of the job was erased' });
  const repeated = await api.post('/api/jobs', request, key);
  expect({ status: repeated.status, body: await repeated.json() }).toMatchObject({ status: 200, body: { id } });
});

test('the same request is told from another by its key as long as the contents are there', async () => {
  const key = { 'idempotency-key': randomUUID() };
  await newJob(api, key);
  expect((await api.post('/api/jobs', request, key)).status).toBe(200);
  expect((await api.post('/api/jobs', { ...request, payload: 1 }, key)).status).toBe(422);
});

test('a payload that is stored in clear is not called erased because of a result that was, which is gone for good', async () => {
  const id = await newJob(withoutKeys);
  await fail(id);
  expect(await erase(id)).toMatchObject({ status: 409, body: { type: 'urn:jobstream:problem:contents-in-clear' } });
  const shown = { payload: request.payload, error: { message: 'shredded' } };
  expect(JSON.parse(await show(`/api/jobs/${id}`))).toMatchObject(shown);
  expect(await erase(id)).toMatchObject({ status: 409 });
});

test('what is stored in clear cannot be erased, nor can what there is not', async () => {
  expect(await erase(await newJob(withoutKeys))).toMatchObject({ status: 409 });
  expect(await erase(await newJob(withoutKeys), withoutKeys)).toMatchObject({ status: 409 });
  expect(await erase(randomUUID())).toMatchObject({ status: 404 });
});
