import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startReceiver } from '../../../testing/startReceiver.ts';
import { testContext } from '../../../testing/testContext.ts';
import { signature, webhookHandler } from './webhookHandler.ts';

const SECRET = 'shared by worker and receiver';
const PROGRAM = fileURLToPath(new URL('../../../../../examples/webhook-receiver/receiver.mjs', import.meta.url));

/** The receiver of the examples, on a free port. */
async function startExample() {
  const env = { WEBHOOK_SECRET: SECRET, PORT: '0' };
  const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const ended = once(child, 'exit').then(([code]: unknown[]) => code);
  const stop = async () => (child.kill('SIGTERM'), await ended);
  return { url: line.replace('listening on ', ''), stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** What the real handler sends, as a request that can be sent again or changed. */
async function requestOf(body: unknown) {
  await using receiver = await startReceiver((response) => response.end());
  await webhookHandler({ secret: SECRET, allowPrivate: true }).run({ url: receiver.url, body }, testContext());
  const [request] = receiver.received;
  if (request === undefined) throw new Error('nothing was sent');
  const headers = Object.entries(request.headers).filter(([name]) => name.startsWith('x-jobstream-'));
  return { headers: Object.fromEntries(headers) as Record<string, string>, body: request.body };
}

async function statusOf(url: string, request: { headers: Record<string, string>; body: string }): Promise<number> {
  return (await fetch(url, { method: 'POST', ...request })).status;
}

describe('the receiver of the examples', () => {
  test('takes what the handler sends, and its answer is the result', async () => {
    await using example = await startExample();
    const handler = webhookHandler({ secret: SECRET, allowPrivate: true });
    const result = await handler.run({ url: example.url, body: { text: 'grüße' } }, testContext());
    expect(result).toEqual({ status: 200, body: '{"received":true}' });
    expect(await example.stop()).toBe(0);
  });

  test('refuses a request in which anything that is signed was changed', async () => {
    await using example = await startExample();
    const request = await requestOf({ cents: 100 });
    const { headers } = request;
    const timestamp = String(Number(headers['x-jobstream-timestamp']) + 1);
    expect(await statusOf(example.url, { headers, body: '{"cents":999}' })).toBe(401);
    expect(await statusOf(example.url, { ...request, headers: { ...headers, 'x-jobstream-job-id': 'other' } })).toBe(
      401,
    );
    expect(
      await statusOf(example.url, { ...request, headers: { ...headers, 'x-jobstream-timestamp': timestamp } }),
    ).toBe(401);
    expect(await statusOf(example.url, { ...request, headers: {} })).toBe(401);
    expect(await statusOf(example.url, request)).toBe(200);
  });

  test('refuses an old request, although it is signed', async () => {
    await using example = await startExample();
    const [jobId, body, timestamp] = ['0193a3f0-0000-7000-8000-00000000beef', 'null', '1700000000'];
    const headers = {
      'x-jobstream-job-id': jobId,
      'x-jobstream-timestamp': timestamp,
      'x-jobstream-signature': signature({ jobId, timestamp, body }, SECRET),
    };
    expect(await statusOf(example.url, { headers, body })).toBe(401);
  });
});
