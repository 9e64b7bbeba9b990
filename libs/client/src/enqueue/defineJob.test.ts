import { inspect } from 'node:util';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { json, problem, startServer } from '../../testing/startServer.ts';
import { defineJob, JobCancelledError, JobFailedError, JobstreamClient, PayloadError } from '../index.ts';
import type { SignalInput, SignalNameOf, SignalOutput } from '../index.ts';

const thumbnail = defineJob('thumbnail', {
  payload: z.object({ url: z.url(), width: z.coerce.number<number | string>(), 'a/b': z.string().optional() }),
  result: z.object({ bytes: z.int() }),
  maxAttempts: 5,
  tags: ['images'],
});

const id = '0193a3f0-0000-7000-8000-000000000001';
const created = json(201, { id, type: 'thumbnail', status: 'pending', version: 1, createdAt: '', updatedAt: '' });
const payload = { url: 'https://example.com/cat.png', width: '200' };

test('a job is enqueued with its payload as given, the defaults of its definition and the options of the call', async () => {
  await using server = await startServer(created);
  const client = new JobstreamClient({ url: server.url });
  const job = await client.enqueue(thumbnail, payload, { idempotencyKey: 'order-7', tags: ['urgent'], delayMs: 5 });
  expect(job).toMatchObject({ id, status: 'pending' });
  const [request] = server.requests;
  expect(request).toMatchObject({ method: 'POST', url: '/api/jobs' });
  expect(request?.headers['idempotency-key']).toBe('order-7');
  expect(JSON.parse(request?.body ?? '')).toEqual({
    type: 'thumbnail',
    payload,
    maxAttempts: 5,
    tags: ['urgent'],
    delayMs: 5,
  });
});

test('a payload that the schema rejects is not sent, and the error has a pointer to each mistake', async () => {
  await using server = await startServer(created);
  const client = new JobstreamClient({ url: server.url });
  const wrong = { url: 'cat', width: 200, 'a/b': 7 } as unknown as typeof payload;
  const error = await client.enqueue(thumbnail, wrong).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PayloadError);
  expect((error as PayloadError).issues.map(({ pointer }) => pointer)).toEqual(['/url', '/a~1b']);
  expect((error as PayloadError).message).toMatch(/^invalid payload of a job of type thumbnail: \/payload\/url /);
  expect((error as PayloadError).code).toBe('invalid-payload');
  // As Node prints it where nothing catches it.
  expect(inspect(error)).toMatch(/ \{\n {2}code: 'invalid-payload',\n {2}issues: \[/);
  expect(server.requests).toEqual([]);
});

test('the result of a completed job is returned', async () => {
  await using server = await startServer(created, json(200, { id, status: 'completed', result: { bytes: 42 } }));
  const job = await new JobstreamClient({ url: server.url }).enqueue(thumbnail, payload);
  expect(await job.result()).toEqual({ bytes: 42 });
});

test('waiting for the result of a failed or a cancelled job throws an error that has the job', async () => {
  const error = { name: 'TypeError', message: 'no image' };
  const failed = { id, type: 'thumbnail', status: 'failed', error };
  await using server = await startServer(created, json(200, failed), json(200, { ...failed, status: 'cancelled' }));
  const job = await new JobstreamClient({ url: server.url }).enqueue(thumbnail, payload);
  const failure = await job.result().catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(JobFailedError);
  expect(failure).toMatchObject({
    message: `job ${id} of type thumbnail failed: TypeError: no image`,
    job: failed,
    code: 'job-failed',
  });
  await expect(job.result()).rejects.toThrow(JobCancelledError);
});

test('the errors of the API pass through', async () => {
  await using server = await startServer(problem(422, 'invalid-request'));
  const enqueued = new JobstreamClient({ url: server.url }).enqueue(thumbnail, payload);
  await expect(enqueued).rejects.toMatchObject({ code: 'invalid-request', status: 422 });
});

test.each(['Thumbnail', '', '1st', 'a'.repeat(64), 'a.b'])('%j is rejected as a job type', (type) => {
  expect(() => defineJob(type, { payload: z.unknown() })).toThrow(TypeError);
});

const order = defineJob('order', {
  payload: z.object({}),
  signals: { approved: z.object({ by: z.string() }), counted: z.coerce.number<string>() },
});
const signalled = json(202, { id, type: 'order', signal: { id: 's1', name: 'approved', at: '' } });

test('a signal of a definition is sent with its payload as given', async () => {
  await using server = await startServer(signalled);
  const client = new JobstreamClient({ url: server.url });
  const sent = await client.signal(order, id, 'approved', { by: 'ann' }, { idempotencyKey: 'approval-7' });
  expect(sent.signal).toEqual({ id: 's1', name: 'approved', at: '' });
  await client.signal(order, id, 'counted', '5');
  const [first, second] = server.requests;
  expect(first).toMatchObject({ method: 'POST', url: `/api/jobs/${id}/signals/approved` });
  expect(first?.headers['idempotency-key']).toBe('approval-7');
  expect(JSON.parse(first?.body ?? '')).toEqual({ payload: { by: 'ann' } });
  expect(second).toMatchObject({ url: `/api/jobs/${id}/signals/counted`, body: '{"payload":"5"}' });
});

test('a signal is sent again with the same key while the API is unavailable, and without a payload if it has none', async () => {
  await using server = await startServer(problem(503, 'log-unavailable'), signalled);
  await new JobstreamClient({ url: server.url }).jobs.signal(id, 'approved');
  const keys = server.requests.map(({ headers }) => headers['idempotency-key']);
  expect(keys).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), keys[0]]);
  expect(server.requests.map(({ body }) => body)).toEqual(['{}', '{}']);
});

test('a signal that its definition has not, or whose payload the schema rejects, is not sent', async () => {
  await using server = await startServer(signalled);
  const client = new JobstreamClient({ url: server.url });
  const error = await client.signal(order, id, 'approved', { by: 5 } as never).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PayloadError);
  expect((error as PayloadError).issues.map(({ pointer }) => pointer)).toEqual(['/by']);
  expect((error as PayloadError).message).toMatch(/^invalid payload of the signal approved to a job of type order: /);
  const unknown = client.signal(order, id, 'toString' as never, {} as never);
  await expect(unknown).rejects.toThrow(new TypeError('jobs of the type order take no signal toString'));
  expect(server.requests).toEqual([]);
});

test.each([
  [{ '1st': z.null() }, /^expected the name of a signal of order to be 1 to 64 letters.*, got: "1st"$/],
  [{ paid: 'text' }, /^expected a schema of the signal paid of order \(.*\), got: string$/],
  [Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`s${n}`, z.null()])), /^expected at most 32 signals/],
])('signals of a definition that no job can take are refused at once: %j', (signals, message) => {
  expect(() => defineJob('order', { payload: z.unknown(), signals: signals as never })).toThrow(message);
});

/** Compiled, never called: the compiler tests the types. */
async function signalTyped(client: JobstreamClient): Promise<void> {
  expectTypeOf<SignalNameOf<typeof order>>().toEqualTypeOf<'approved' | 'counted'>();
  expectTypeOf<SignalInput<typeof order, 'counted'>>().toEqualTypeOf<string>();
  expectTypeOf<SignalOutput<typeof order, 'counted'>>().toEqualTypeOf<number>();
  expectTypeOf<SignalNameOf<typeof thumbnail>>().toBeNever();
  // @ts-expect-error: the definition has no such signal
  await client.signal(order, id, 'paid', {});
  // @ts-expect-error: the payload is another signal's
  await client.signal(order, id, 'approved', '5');
  // @ts-expect-error: jobs of this type take no signals
  await client.signal(thumbnail, id, 'approved', {});
}

/** Compiled, never called: the compiler tests the types. */
async function enqueueTyped(client: JobstreamClient): Promise<void> {
  const job = await client.enqueue(thumbnail, { url: 'https://example.com', width: 1 });
  expectTypeOf(await job.result()).toEqualTypeOf<{ bytes: number }>();
  // @ts-expect-error: width is missing
  await client.enqueue(thumbnail, { url: 'https://example.com' });
  // @ts-expect-error: width is no boolean
  await client.enqueue(thumbnail, { url: 'https://example.com', width: true });
  const untyped = await client.enqueue(defineJob('any', { payload: z.unknown() }), { anything: true });
  expectTypeOf(await untyped.result()).toEqualTypeOf<unknown>();
}

test('payload, result and signals are typed by the definition', () => {
  expectTypeOf(signalTyped).returns.resolves.toBeVoid();
  expectTypeOf(enqueueTyped).returns.resolves.toBeVoid();
});

test.each([
  [undefined, 'expected a schema of the payload of email (zod, valibot or another Standard Schema), got: undefined'],
  [
    { maxAttempts: 2 },
    'expected a schema of the payload of email (zod, valibot or another Standard Schema), got: undefined',
  ],
  [
    { payload: { to: 'string' } },
    'expected a schema of the payload of email (zod, valibot or another Standard Schema), got: object',
  ],
  [
    { payload: z.unknown(), result: 'text' },
    'expected a schema of the result of email (zod, valibot or another Standard Schema), got: string',
  ],
])('a definition without schemas, as JavaScript may have it, is refused at once: %j', (options, message) => {
  expect(() => defineJob('email', options as never)).toThrow(new TypeError(message));
});
