import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startReceiver } from '../../../testing/startReceiver.ts';
import { testContext } from '@jobstream/worker/testing/testContext';
import { signature, webhookHandler } from './webhookHandler.ts';

const SECRET = 'shared by worker and receiver';
const PROGRAM = fileURLToPath(new URL('../../../../../examples/webhook-receiver/receiver.mjs', import.meta.url));

// printf '%s' 'job-1.1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
test('the signature is the one that openssl computes', () => {
  const request = { jobId: 'job-1', timestamp: '1700000000', body: '{"a":1}' };
  expect(signature(request, 'secret')).toBe('v1=5a04ece7188ad92e8a4d90c74e67a8f34bfe5603115325a72d6f3549143879c8');
});

/** The headers of a genuine request that was sent some seconds ago. */
function headersOf(body: string, secondsAgo: number): Record<string, string> {
  const [jobId, timestamp] = ['job-1', String(Math.floor(Date.now() / 1_000) - secondsAgo)];
  return {
    'x-jobstream-job-id': jobId,
    'x-jobstream-timestamp': timestamp,
    'x-jobstream-signature': signature({ jobId, timestamp, body }, SECRET),
  };
}

type IsGenuine = (headers: Record<string, string>, body: Buffer, secret: string) => boolean;

/** The function that docs/shipped-handlers.md offers to receivers. */
async function documentedCheck(): Promise<IsGenuine> {
  const page = await readFile(new URL('../../../../../docs/shipped-handlers.md', import.meta.url), 'utf8');
  const source = `${/```js\n([^]*?)```/.exec(page)?.[1]}\nexport { isGenuine };`;
  const module = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { isGenuine: IsGenuine };
  return module.isGenuine;
}

test('the check in the documentation accepts a genuine request and no other', async () => {
  const isGenuine = await documentedCheck();
  const body = Buffer.from('{"text":"grüße"}');
  const headers = headersOf(body.toString(), 0);
  expect(isGenuine(headers, body, SECRET)).toBe(true);
  expect(isGenuine(headers, Buffer.from('{"text":"other"}'), SECRET)).toBe(false);
  expect(isGenuine(headers, body, 'wrong')).toBe(false);
  expect(isGenuine({ ...headers, 'x-jobstream-job-id': 'job-2' }, body, SECRET)).toBe(false);
  expect(isGenuine({ ...headers, 'x-jobstream-signature': 'v1=00' }, body, SECRET)).toBe(false);
  expect(isGenuine({}, body, SECRET)).toBe(false);
  expect(isGenuine(headersOf(body.toString(), 600), body, SECRET)).toBe(false);
});

describe('the receiver of the examples', () => {
  /** Starts it on a free port. */
  async function startExample() {
    const env = { WEBHOOK_SECRET: SECRET, PORT: '0' };
    const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const ended = once(child, 'exit').then(([code]: unknown[]) => code);
    const stop = async () => (child.kill('SIGTERM'), await ended);
    return { url: line.replace('listening on ', ''), stop, [Symbol.asyncDispose]: async () => void (await stop()) };
  }

  const handler = webhookHandler({ secret: SECRET, allowPrivate: true });

  test('accepts the requests of the handler, and its response is the result', async () => {
    await using example = await startExample();
    const result = await handler.run({ url: example.url, body: { text: 'grüße' } }, testContext());
    expect(result).toEqual({ status: 200, body: '{"received":true}' });
    expect(await example.stop()).toBe(0);
  });

  test('refuses a request in which a signed part was changed, or that is old', async () => {
    await using example = await startExample();
    await using receiver = await startReceiver((response) => response.end());
    await handler.run({ url: receiver.url, body: { cents: 100 } }, testContext());
    const { headers: all, body } = receiver.received[0] ?? { headers: {}, body: '' };
    const signed = Object.entries(all).filter(([name]) => name.startsWith('x-jobstream-'));
    const headers = Object.fromEntries(signed) as Record<string, string>;
    const timestamp = String(Number(headers['x-jobstream-timestamp']) + 1);
    const post = async (request: { headers: Record<string, string>; body: string }) =>
      (await fetch(example.url, { method: 'POST', ...request })).status;
    expect(await post({ headers, body: '{"cents":999}' })).toBe(401);
    expect(await post({ headers: { ...headers, 'x-jobstream-job-id': 'other' }, body })).toBe(401);
    expect(await post({ headers: { ...headers, 'x-jobstream-timestamp': timestamp }, body })).toBe(401);
    expect(await post({ headers: {}, body })).toBe(401);
    expect(await post({ headers: headersOf(body, 600), body })).toBe(401);
    expect(await post({ headers, body })).toBe(200);
  });
});
