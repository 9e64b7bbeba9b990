import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { signature } from './webhookHandler.ts';

// printf '%s' 'job-1.1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
test('the signature is the one that openssl computes', () => {
  const request = { jobId: 'job-1', timestamp: '1700000000', body: '{"a":1}' };
  expect(signature(request, 'secret')).toBe('v1=5a04ece7188ad92e8a4d90c74e67a8f34bfe5603115325a72d6f3549143879c8');
});

type IsGenuine = (headers: Record<string, string>, body: Buffer, secret: string) => boolean;

/** The function that docs/handlers.md offers to receivers. */
async function documentedCheck(): Promise<IsGenuine> {
  const page = await readFile(new URL('../../../../../docs/handlers.md', import.meta.url), 'utf8');
  const snippet = /```js\n([^]*?)```/.exec(page)?.[1] ?? '';
  const source = `${snippet}\nexport { isGenuine };`;
  const module = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { isGenuine: IsGenuine };
  return module.isGenuine;
}

test('the check in the documentation accepts a genuine request and nothing else', async () => {
  const isGenuine = await documentedCheck();
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const body = '{"text":"grüße"}';
  const headers = {
    'x-jobstream-job-id': 'job-1',
    'x-jobstream-timestamp': timestamp,
    'x-jobstream-signature': signature({ jobId: 'job-1', timestamp, body }, 'secret'),
  };
  expect(isGenuine(headers, Buffer.from(body), 'secret')).toBe(true);
  expect(isGenuine(headers, Buffer.from('{"text":"other"}'), 'secret')).toBe(false);
  expect(isGenuine(headers, Buffer.from(body), 'wrong')).toBe(false);
  expect(isGenuine({ ...headers, 'x-jobstream-job-id': 'job-2' }, Buffer.from(body), 'secret')).toBe(false);
  expect(isGenuine({ ...headers, 'x-jobstream-signature': 'v1=00' }, Buffer.from(body), 'secret')).toBe(false);
  expect(isGenuine({}, Buffer.from(body), 'secret')).toBe(false);
});

test('the check in the documentation refuses an old request', async () => {
  const isGenuine = await documentedCheck();
  const [jobId, timestamp, body] = ['job-1', String(Math.floor(Date.now() / 1_000) - 600), '{}'];
  const headers = {
    'x-jobstream-job-id': jobId,
    'x-jobstream-timestamp': timestamp,
    'x-jobstream-signature': signature({ jobId, timestamp, body }, 'secret'),
  };
  expect(isGenuine(headers, Buffer.from(body), 'secret')).toBe(false);
});
