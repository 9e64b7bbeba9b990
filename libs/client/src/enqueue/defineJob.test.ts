import { inspect } from 'node:util';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { json, problem, startServer } from '../../testing/startServer.ts';
import { defineJob, JobCancelledError, JobFailedError, JobstreamClient, PayloadError } from '../index.ts';

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

test('payload and result are typed by the definition', () => {
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
