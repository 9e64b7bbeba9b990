import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { carryOut } from '../../../testing/carryOut.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import { startApi } from '../../../testing/startApi.ts';
import { tenantCaller, type Call } from '../../../testing/tenantCaller.ts';

const masterKeys = [{ id: 'test', secret: randomBytes(32) }];
const stage = useStage({ auth: { open: false }, log: { masterKeys } });
const { api } = stage;
const acme = tenantCaller(api, 'acme');
const globex = tenantCaller(api, 'globex');
const operator = tenantCaller(api, null);

interface Wish {
  readonly type?: string;
  readonly tags?: readonly string[];
  readonly payload?: unknown;
}

let failures = 0;

const start = { kind: 'StartAttempt', worker: 'w' } as const;
const error = { name: 'SmtpError', message: 'mailbox full' };
const fail = { kind: 'FailAttempt', attempt: 1, error, cause: 'unrecoverable', random: 0, durationMs: 1 } as const;
const complete = { kind: 'CompleteAttempt', attempt: 1, result: { sent: true }, durationMs: 1 } as const;

async function newJob(call: Call, wish: Wish): Promise<string> {
  return ((await (await call('POST /api/jobs', { type: 'email', ...wish })).json()) as { id: string }).id;
}

/** With an error whose stack no other has. */
async function failed(call: Call, wish: Wish): Promise<string> {
  const id = await newJob(call, wish);
  const stack = `SmtpError\n at secret.ts:${++failures}`;
  await carryOut(api, id, start, { ...fail, error: { ...error, stack } });
  return id;
}

async function succeeded(call: Call, wish: Wish): Promise<string> {
  const id = await newJob(call, wish);
  await carryOut(api, id, start, complete);
  await projectAll(api.log, stage.databaseUrl);
  return id;
}

interface Comparison {
  readonly job: { readonly id: string };
  readonly other?: { readonly id: string };
}

async function compare(call: Call, id: string, other?: string): Promise<Comparison> {
  const response = await call(`GET /api/jobs/${id}/comparison${other === undefined ? '' : `?with=${other}`}`);
  return (await response.json()) as Comparison;
}

test('a job is compared with the last that has succeeded and shares most of its tags', async () => {
  const type = `t-${randomUUID()}`;
  const alike = await succeeded(acme, { type, tags: ['a', 'b'], payload: { to: 'x' } });
  await succeeded(acme, { type, tags: ['a'] });
  const id = await failed(acme, { type, tags: ['a', 'b', 'c'], payload: { to: 'x' } });
  expect(await compare(acme, id)).toMatchObject({
    job: { id, status: 'failed', error: { name: 'SmtpError' } },
    other: { id: alike, status: 'completed', result: { sent: true } },
    sharedTags: ['a', 'b'],
    payload: 'same',
    result: 'different',
    error: 'different',
  });
});

test('any two jobs are compared, whatever their types, and errors without their stacks', async () => {
  const [id, other] = [await failed(acme, { payload: 1 }), await failed(acme, { type: 'report', payload: 2 })];
  expect(await compare(acme, id, other)).toMatchObject({
    job: { id },
    other: { id: other },
    sharedTags: [],
    payload: 'different',
    result: 'same',
    error: 'same',
  });
  const { text } = await api.keys.create({ name: 'reader', scopes: ['jobs:read'], tenant: null, expiresAt: null });
  const headers = { authorization: `Bearer ${text}` };
  const shown = await (await api.fetch(`/api/jobs/${id}/comparison?with=${other}`, { headers })).text();
  expect(shown).toContain('mailbox full');
  expect(shown).not.toContain('secret.ts');
});

test('without a job that has succeeded there is nothing but the job', async () => {
  const id = await failed(acme, { type: `t-${randomUUID()}` });
  expect(await compare(acme, id)).toEqual({ job: expect.objectContaining({ id }) });
});

test('contents that were erased, or that cannot be decrypted, cannot be compared', async () => {
  const [id, other] = [await failed(acme, { payload: 'p' }), await failed(acme, { payload: 'p' })];
  await projectAll(api.log, stage.databaseUrl);
  await using withoutKeys = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl });
  const parts = { payload: 'sealed', result: 'sealed', error: 'sealed' };
  const locked = await withoutKeys.fetch(`/api/jobs/${id}/comparison?with=${other}`);
  expect(await locked.json()).toMatchObject(parts);
  expect(await compare(operator, id, other)).toMatchObject({ payload: 'same' });
  await operator(`DELETE /api/jobs/${other}/payload`);
  expect(await compare(operator, id, other)).toMatchObject(parts);
});

test('jobs of other tenants are not there, and are not what a job is compared with', async () => {
  const type = `t-${randomUUID()}`;
  const theirs = await succeeded(globex, { type });
  const untenanted = await succeeded(operator, { type });
  const id = await failed(acme, { type });
  expect(await compare(acme, id)).not.toHaveProperty('other');
  expect(await compare(operator, id)).not.toHaveProperty('other');
  for (const other of [theirs, untenanted, randomUUID()]) {
    expect(await compare(acme, id, other)).toMatchObject({ status: 404, detail: 'no job has this id' });
  }
  expect(await compare(acme, theirs, id)).toMatchObject({ status: 404 });
  expect(await compare(operator, id, theirs)).toMatchObject({ other: { id: theirs } });
});
