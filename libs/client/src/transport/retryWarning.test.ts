import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '@jobstream/test-support';
import { expect, onTestFinished, test, vi } from 'vitest';
import { JobstreamClient, type ClientOptions } from '../index.ts';
import { json, problem, startServer } from '../../testing/startServer.ts';

const created = json(201, { id: '01a21007-5d41-7b37-bb26-e9f0e3028d57', type: 'email', status: 'pending' });

/** A client that tries again for so long has waited for two seconds, whatever its pauses were. */
const LONG_ENOUGH_MS = 6_000;

/** Creates a job until the client warns, and returns the warning. */
async function warningOf(url: string, options: Partial<ClientOptions> = {}): Promise<string> {
  const { promise: warned, resolve: warn } = Promise.withResolvers<string>();
  const ending = new AbortController();
  const creating = new JobstreamClient({ url, warn, ...options }).jobs.create(
    { type: 'email' },
    { signal: ending.signal },
  );
  const sentence = await warned;
  ending.abort(new Error('seen'));
  await expect(creating).rejects.toThrow('seen');
  return sentence;
}

test('a client that waits for an API says which is refused, what to do, and for how long it tries', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  expect(await warningOf(url)).toBe(
    `jobstream: POST /api/jobs: the API at ${url} cannot be reached: the connection was refused. Start it, or correct the address. Trying again for 30 s.`,
  );
});

test('it writes to the console unless it is told otherwise', async () => {
  const { promise: warned, resolve } = Promise.withResolvers<string>();
  const console_ = vi.spyOn(console, 'warn').mockImplementation(resolve);
  const ending = new AbortController();
  const url = `http://127.0.0.1:${await freePort()}`;
  const creating = new JobstreamClient({ url }).jobs.create({ type: 'email' }, { signal: ending.signal });
  expect(await warned).toContain(url);
  ending.abort(new Error('seen'));
  await expect(creating).rejects.toThrow('seen');
  expect(console_).toHaveBeenCalledOnce();
});

test('it says so of an API that is silent, before the first try has failed', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await warningOf(url)).toBe(
    `jobstream: POST /api/jobs: the API at ${url} does not answer. Trying again for 30 s.`,
  );
});

test('it says why an API refuses while it waits for as long as that asks for', async () => {
  await using server = await startServer(problem(503, 'stopping', { 'retry-after': '20' }));
  expect(await warningOf(server.url)).toBe('jobstream: POST /api/jobs: 503 No. Trying again for 30 s.');
  expect(server.requests).toHaveLength(1);
});

test('a client that is answered after some tries warns of nothing, nor does one that is told not to', async () => {
  const warn = vi.fn<(sentence: string) => void>();
  await using server = await startServer(problem(503, 'stopping', { 'retry-after': '0' }), created);
  await new JobstreamClient({ url: server.url, warn }).jobs.create({ type: 'email' });
  const url = `http://127.0.0.1:${await freePort()}`;
  const console_ = vi.spyOn(console, 'warn').mockReturnValue();
  await expect(
    new JobstreamClient({ url, warn: false, retryForMs: LONG_ENOUGH_MS }).jobs.create({ type: 'email' }),
  ).rejects.toThrow(
    `the API at ${url} cannot be reached: the connection was refused. Start it, or correct the address.`,
  );
  expect(warn).not.toHaveBeenCalled();
  expect(console_).not.toHaveBeenCalled();
});

test('requests at once lead to one warning', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const warn = vi.fn<(sentence: string) => void>();
  const { jobs } = new JobstreamClient({ url, warn, retryForMs: LONG_ENOUGH_MS });
  await Promise.allSettled([1, 2, 3].map(() => jobs.create({ type: 'email' })));
  expect(warn).toHaveBeenCalledOnce();
});

test.each([
  [undefined, 'got nothing: it is not set'],
  ['localhost', 'got "localhost"'],
])('a client whose address is %s says what is expected', (url, got) => {
  expect(() => new JobstreamClient({ url: url as string })).toThrow(
    new TypeError(`expected the url of the API, such as http://127.0.0.1:3000, ${got}`),
  );
});
