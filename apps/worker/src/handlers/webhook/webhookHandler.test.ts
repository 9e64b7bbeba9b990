import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { InvalidPayloadError, RetryAfterError, UnrecoverableError } from '@jobstream/worker';
import { startReceiver } from '../../../testing/startReceiver.ts';
import { testContext, testJob } from '@jobstream/worker/testing/testContext';
import { signature, webhookHandler } from './webhookHandler.ts';
import { retryAfterMs } from './webhookResult.ts';

const lenient = { allowPrivate: true };
const ok = (response: ServerResponse) => response.end('thanks');

function respondWith(status: number, headers: Record<string, string> = {}, body = '') {
  return startReceiver((response) => response.writeHead(status, headers).end(body));
}

async function failureOf(payload: unknown, options: Parameters<typeof webhookHandler>[0] = lenient): Promise<unknown> {
  const run = async () => webhookHandler(options).run(payload, testContext());
  return run().then(
    (result) => expect.fail(`succeeded with ${JSON.stringify(result)}`),
    (error: unknown) => error,
  );
}

describe('the request', () => {
  test('carries the body as JSON, the job, the attempt and a signature that the receiver can check', async () => {
    await using receiver = await startReceiver(ok);
    const job = testJob({ id: '0193a3f0-0000-7000-8000-00000000beef' });
    const payload = { url: `${receiver.url}/hook?x=1`, body: { text: 'grüße' }, headers: { 'X-Tenant': 'a' } };
    const ctx = testContext({ job, attempt: 3 });
    const result = await webhookHandler({ ...lenient, secret: 'shh' }).run(payload, ctx);
    expect(result).toEqual({ status: 200, body: 'thanks' });
    const [request] = receiver.received;
    expect(request).toMatchObject({ method: 'POST', path: '/hook?x=1', body: '{"text":"grüße"}' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-tenant': 'a',
      'x-jobstream-job-id': job.id,
      'x-jobstream-attempt': '3',
      'x-jobstream-run': ctx.runId,
    });
    const timestamp = String(request?.headers['x-jobstream-timestamp']);
    expect(Number(timestamp)).toBeGreaterThan(1_700_000_000);
    expect(request?.headers['x-jobstream-signature']).toBe(
      signature({ jobId: job.id, timestamp, body: '{"text":"grüße"}' }, 'shh'),
    );
  });

  test('names the time of the clock that the handler was given', async () => {
    await using receiver = await startReceiver(ok);
    await webhookHandler({ ...lenient, clock: { now: () => 42_999 } }).run({ url: receiver.url }, testContext());
    expect(receiver.received[0]?.headers['x-jobstream-timestamp']).toBe('42');
  });

  test('is not signed without a secret, and its body is null by default', async () => {
    await using receiver = await startReceiver(ok);
    await webhookHandler(lenient).run({ url: receiver.url }, testContext());
    expect(receiver.received[0]?.headers).not.toHaveProperty('x-jobstream-signature');
    expect(receiver.received[0]?.body).toBe('null');
  });

  test('passes the trace of the attempt on to the receiver', async () => {
    await using receiver = await startReceiver(ok);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await webhookHandler(lenient).run({ url: receiver.url }, { ...testContext(), traceparent });
    expect(receiver.received[0]?.headers).toMatchObject({ traceparent });
  });

  test('ends when the attempt is aborted', async () => {
    await using receiver = await startReceiver(() => controller.abort());
    const controller = new AbortController();
    const running = webhookHandler(lenient).run({ url: receiver.url }, testContext({ signal: controller.signal }));
    await expect(running).rejects.toThrow('aborted');
  });
});

describe('a payload', () => {
  test.each([
    ['without a URL', {}, 'payload.url'],
    ['with a URL that is none', { url: 'nowhere' }, 'payload.url'],
    ['with another protocol', { url: 'file:///etc/passwd' }, 'payload.url'],
    ['with a forged signature', { url: 'http://a/', headers: { 'x-JOBSTREAM-signature': 'v1=0' } }, 'payload.headers'],
    ['with another host header', { url: 'http://a/', headers: { Host: 'internal' } }, 'payload.headers'],
    ['with a line break in a header', { url: 'http://a/', headers: { 'x-a': 'b\r\nx-c: d' } }, 'payload.headers'],
    ['with a malformed header name', { url: 'http://a/', headers: { 'x a': 'b' } }, 'payload.headers'],
  ])('%s is refused', async (_name, payload, path) => {
    const error = await failureOf(payload);
    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect((error as InvalidPayloadError).problems).toEqual([expect.stringContaining(`${path}: `)]);
  });
});

describe('the response', () => {
  test.each([200, 201, 204])('%d is success', async (status) => {
    await using receiver = await respondWith(status);
    expect(await webhookHandler(lenient).run({ url: receiver.url }, testContext())).toEqual({ status, body: '' });
  });

  test.each([408, 425, 429, 500, 502, 503, 504])('%d is retried', async (status) => {
    await using receiver = await respondWith(status, { 'retry-after': '17' }, 'later');
    const error = await failureOf({ url: receiver.url });
    expect(error).toBeInstanceOf(RetryAfterError);
    expect(error).toMatchObject({ retryAfterMs: 17_000, code: `HTTP_${status}` });
    expect((error as Error).message).toBe(`the receiver answered ${status}: later`);
  });

  test.each([400, 401, 403, 404, 410, 422])('%d fails the job for good', async (status) => {
    await using receiver = await respondWith(status, { 'retry-after': '17' });
    const error = await failureOf({ url: receiver.url });
    expect(error).toBeInstanceOf(UnrecoverableError);
    expect(error).toMatchObject({ code: `HTTP_${status}` });
  });

  test.each([301, 302, 303, 307, 308])('%d is not followed', async (status) => {
    await using target = await startReceiver(ok);
    await using receiver = await respondWith(status, { location: target.url });
    const error = await failureOf({ url: receiver.url });
    expect(error).toBeInstanceOf(UnrecoverableError);
    expect((error as Error).message).toContain(`a redirect to ${target.url}`);
    expect(target.received).toEqual([]);
  });

  test('is cut at 16 KB', async () => {
    await using receiver = await respondWith(200, {}, 'x'.repeat(1_000_000));
    const result = await webhookHandler(lenient).run({ url: receiver.url }, testContext());
    expect(result).toEqual({ status: 200, body: 'x'.repeat(16_384), truncated: true });
  });

  test('that breaks off is a failure to be retried', async () => {
    await using receiver = await startReceiver((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('only this');
      response.socket?.end();
    });
    const error = await failureOf({ url: receiver.url });
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(UnrecoverableError);
  });

  test('that never comes because no server listens is a failure to be retried', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const error = await failureOf({ url: `http://127.0.0.1:${port}/` });
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(error).not.toBeInstanceOf(UnrecoverableError);
  });
});

test.each([
  ['seconds', '120', 120_000],
  ['seconds with spaces around', ' 7 ', 7_000],
  ['an HTTP date', 'Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['a date that is past', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['more than a day', '999999999', 86_400_000],
  ['no value', undefined, undefined],
  ['an empty value', '', undefined],
  ['text that is no time', 'soon', undefined],
])('the Retry-After header may have %s', (_name, header, expected) => {
  expect(retryAfterMs(header, Date.parse('2026-03-01T12:00:00Z'))).toBe(expected);
});

describe('without WEBHOOK_ALLOW_PRIVATE', () => {
  const strict = { allowPrivate: false };

  test('a name that resolves to a private address is refused at the moment of connecting', async () => {
    await using receiver = await startReceiver(ok);
    const error = await failureOf({ url: receiver.url }, strict);
    expect(error).toBeInstanceOf(UnrecoverableError);
    expect(error).toMatchObject({ code: 'PRIVATE_ADDRESS', message: expect.stringContaining('localhost (') });
    expect(receiver.received).toEqual([]);
  });

  test.each(['127.0.0.1', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '0'])(
    'the address %s is refused',
    async (host) => {
      await using receiver = await startReceiver(ok);
      const error = await failureOf({ url: `http://${host}:${receiver.port}/` }, strict);
      expect(error).toMatchObject({ name: 'UnrecoverableError', code: 'PRIVATE_ADDRESS' });
      expect(receiver.received).toEqual([]);
    },
  );
});
