import { inspect } from 'node:util';
import { freePort } from '@jobstream/test-support';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { UnavailableError } from './errors.ts';
import { JobstreamClient } from '../jobstreamClient.ts';
import { breakOff, hangUp, json, problem, startServer, type Answer } from '../../testing/startServer.ts';

const id = '01a21007-5d41-7b37-bb26-e9f0e3028d57';
const created = json(201, { id, type: 'email', status: 'pending' });
const nothing: Answer = (res) => void res.writeHead(204).end();
const reusedKey = {
  type: 'urn:jobstream:problem:idempotency-key-reused',
  title: 'Idempotency key reused',
  status: 422,
  errors: [{ header: 'Idempotency-Key', detail: 'the first request with this key had another body' }],
};
const page: Answer = (res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>');

async function clientOf(...answers: Answer[]) {
  const server = await startServer(...answers);
  return {
    server,
    client: new JobstreamClient({ url: server.url }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe('a creation without an answer', () => {
  test.each([
    ['the connection is lost', hangUp],
    ['the answer breaks off', breakOff],
    ['the log cannot be reached', problem(503, 'log-unavailable')],
    ['the process is about to stop', problem(503, 'stopping', { 'retry-after': '0' })],
    ['there are too many requests', problem(429, 'rate-limited', { 'retry-after': '0' })],
    ['a proxy has no backend', (res) => void res.writeHead(502).end('<h1>Bad gateway</h1>')],
  ] satisfies [string, Answer][])('is sent again with the same key: %s', async (_why, answer) => {
    await using one = await clientOf(answer, answer, created);
    expect(await one.client.jobs.create({ type: 'email' })).toMatchObject({ id });
    const keys = one.server.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(one.server.requests.map(({ body }) => body))).toEqual(new Set(['{"type":"email"}']));
  });

  test('fails after its time limit and says that the outcome is unknown', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const client = new JobstreamClient({ url, retryForMs: 0 });
    const error = await client.jobs.create({ type: 'email' }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ code: 'no-answer', outcomeUnknown: true });
    expect(inspect(error)).not.toContain('undefined');
    expect(String(error)).toBe(
      `UnavailableError: POST /api/jobs: the API at ${url} cannot be reached: the connection was refused. Start it, or correct the address.`,
    );
  });
});

describe('a request that must not be sent twice', () => {
  const unknown = { name: 'UnavailableError', outcomeUnknown: true };
  test.each([
    ['the connection is lost', hangUp, 1, unknown],
    ['the log cannot be reached', problem(503, 'log-unavailable'), 1, unknown],
    ['the log took nothing', problem(503, 'log-overloaded'), 2, { id }],
    ['the caller is too fast', problem(429, 'rate-limited'), 2, { id }],
  ] satisfies [string, Answer, number, object][])(
    'is repeated only when nothing has happened: %s',
    async (_why, answer, tries, outcome) => {
      await using one = await clientOf(answer, json(200, { id, status: 'pending' }));
      expect(await one.client.jobs.retry(id).catch((error: unknown) => error)).toMatchObject(outcome);
      expect(one.server.requests).toHaveLength(tries);
    },
  );
});

describe('the time that the API names', () => {
  test('delays the next attempt', async () => {
    await using one = await clientOf(problem(429, 'rate-limited', { 'retry-after': '1' }), created);
    const before = performance.now();
    await one.client.jobs.create({ type: 'email' });
    expect(performance.now() - before).toBeGreaterThanOrEqual(1_000);
  });

  test('is reported instead when it is longer than retryForMs', async () => {
    await using one = await clientOf(problem(429, 'rate-limited', { 'retry-after': '3600' }));
    await expect(one.client.jobs.create({ type: 'email' })).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'rate-limited',
      retryAfterMs: 3_600_000,
      outcomeUnknown: false,
    });
    expect(one.server.requests).toHaveLength(1);
  });

  test('can be a date', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    await using one = await clientOf(problem(503, 'log-overloaded', { 'retry-after': date }));
    const error = (await one.client.stats().catch((failure: unknown) => failure)) as UnavailableError;
    expect(error.retryAfterMs).toBeGreaterThan(3_500_000);
  });

  test('is not before the answer when its date has passed', async () => {
    await using server = await startServer(
      problem(503, 'log-overloaded', { 'retry-after': new Date(0).toUTCString() }),
    );
    const client = new JobstreamClient({ url: server.url, retryForMs: 0 });
    await expect(client.stats()).rejects.toMatchObject({ retryAfterMs: 0 });
  });
});

test.each([
  ['a job type', (client) => client.types.remove('email')],
  ['a schedule', (client) => client.schedules.delete('daily')],
  ['a worker', (client) => client.workers.remove('w1')],
  ['a key', (client) => client.keys.revoke('k1')],
] satisfies [string, (client: JobstreamClient) => Promise<void>][])(
  'the removal of %s ends with its answer',
  async (_what, remove) => {
    await using one = await clientOf(problem(404, 'not-found'), nothing);
    await expect(remove(one.client)).rejects.toMatchObject({ name: 'NotFoundError', status: 404 });
    await expect(remove(one.client)).resolves.toBeUndefined();
  },
);

test.each([
  ['is answered', async () => Response.json({})],
  ['is refused', async () => Response.json({ status: 400 }, { status: 400 })],
  ['meets a defect', async () => new Response('no', { status: 500 })],
] satisfies [string, typeof fetch][])('a request that %s leaves no timer', async (_what, answer) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const client = new JobstreamClient({ url: 'http://jobs.test', fetch: answer });
  await client.stats().catch(() => undefined);
  await client.jobs.create({ type: 'email' }).catch(() => undefined);
  expect(vi.getTimerCount()).toBe(0); // it would keep the process alive, or warn of what is over
});

test.each([
  ['a page', page, /^UnexpectedAnswerError: GET \/api\/stats: the answer is not JSON$/],
  ['a defect', problem(500, 'internal-error'), /^UnexpectedAnswerError: GET \/api\/stats: 500 No$/],
  [
    'a reused key',
    json(422, reusedKey),
    /422 Idempotency key reused: Idempotency-Key: the first request with this key had/,
  ],
  ['a refusal without a reason', json(400, {}), /^InvalidRequestError: GET \/api\/stats: 400 without a reason$/],
] satisfies [string, Answer, RegExp][])('%s is an error at once', async (_what, answer, text) => {
  await using one = await clientOf(answer);
  await expect(one.client.stats()).rejects.toSatisfy((error) => text.test(String(error)));
  expect(one.server.requests).toHaveLength(1);
});

describe('a signal', () => {
  test('ends a pending request with the reason of the signal', async () => {
    const over = new AbortController();
    await using one = await clientOf(() => over.abort(new Error('enough')));
    await expect(one.client.jobs.create({ type: 'email' }, { signal: over.signal })).rejects.toThrow('enough');
  });

  test('ends the pause before another try', async () => {
    const over = new AbortController();
    const busy: Answer = (res, request) => {
      problem(503, 'log-overloaded', { 'retry-after': '20' })(res, request);
      res.once('close', () => setImmediate(() => over.abort(new Error('enough'))));
    };
    await using one = await clientOf(busy);
    await expect(one.client.stats({ signal: over.signal })).rejects.toThrow('enough');
  });

  test('that is aborted already prevents the request', async () => {
    await using one = await clientOf(created);
    await expect(one.client.stats({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(one.server.requests).toEqual([]);
  });
});

test('credentials are requested for each attempt, and the URL may have a path', async () => {
  await using server = await startServer(hangUp, json(200, {}));
  let turn = 0;
  const client = new JobstreamClient({ url: `${server.url}/jobstream`, credentials: async () => `token-${++turn}` });
  await client.stats();
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  expect(server.requests.map(({ url }) => url)).toEqual(['/jobstream/api/stats', '/jobstream/api/stats']);
});
