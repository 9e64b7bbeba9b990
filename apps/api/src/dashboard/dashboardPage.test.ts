import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';

const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-page-'));
const { api } = useStage({ dashboardDir: folder });
afterAll(() => rm(folder, { recursive: true }));

test('a page that is not built yet is answered with how to build it, and asked for again', async () => {
  const response = await api.fetch('/dashboard/jobs');
  expect([response.status, response.headers.get('refresh')]).toEqual([503, '5']);
  expect(await response.text()).toContain('`npm run build:dashboard`');
});

test('the process lives without it', async () => {
  expect((await api.fetch('/health/ready')).status).toBe(200);
});

async function cached(address: string) {
  const response = await api.fetch(address);
  const [type] = response.headers.get('content-type')?.split(';') ?? [];
  return [response.status, type, response.headers.get('cache-control')];
}

test('a page that is built meanwhile is served, with its files', async () => {
  await mkdir(path.join(folder, 'assets'), { recursive: true });
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(path.join(folder, 'theme.js'), '');
  await writeFile(path.join(folder, 'assets', 'main-1234.js'), '');
  for (const view of ['/dashboard', '/dashboard/', '/dashboard/jobs/1?x=1']) {
    expect(await cached(view)).toEqual([200, 'text/html', 'no-cache']);
  }
  expect(await cached('/dashboard/theme.js')).toEqual([200, 'text/javascript', 'no-cache']);
  const forGood = 'public, max-age=31536000, immutable';
  expect(await cached('/dashboard/assets/main-1234.js')).toEqual([200, 'text/javascript', forGood]);
  expect((await cached('/dashboard/assets/main-0000.js'))[0]).toBe(404);
  const outside = await api.fetch('/dashboard/..%2f..%2fetc%2fpasswd');
  expect(await outside.text()).toContain('<title>page</title>');
});

/** As a browser asks; `fetch` with an entity tag of ours would forbid every cache to answer. */
function headers(accepted: string, known = ''): Record<string, string> {
  return { 'accept-encoding': accepted, 'if-none-match': known, 'cache-control': 'max-age=0' };
}

describe('a script with compressed copies', () => {
  const [script, address] = ['export const page = 1;', '/dashboard/assets/main-5678.js'];
  beforeAll(async () => {
    const file = path.join(folder, 'assets', 'main-5678.js');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, script);
    await writeFile(`${file}.br`, brotliCompressSync(script));
    await writeFile(`${file}.gz`, gzipSync(script));
  });

  test.each([
    ['br, gzip', 'br'],
    ['gzip, deflate', 'gzip'],
    ['gzip;q=0, identity', null],
  ])('is answered to `Accept-Encoding: %s` in the encoding %s', async (accepted, encoding) => {
    const response = await api.fetch(address, { headers: { 'accept-encoding': accepted } });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(response.headers.get('vary')).toContain('Accept-Encoding');
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(await response.text()).toBe(script);
  });

  test('has another entity tag in each encoding, by which it is not sent again', async () => {
    const tags = await Promise.all(
      ['br', 'gzip', 'identity'].map(async (accepted) => {
        const response = await api.fetch(address, { headers: headers(accepted) });
        return response.headers.get('etag') ?? '';
      }),
    );
    expect(new Set(tags).size).toBe(3);
    expect((await api.fetch(address, { headers: headers('br', tags[0]) })).status).toBe(304);
  });
});

test('the page loads from its own server alone, nothing inline, and has no plugins, forms, frames around it, or another base', async () => {
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>page</title>');
  const policy = (await api.fetch('/dashboard')).headers.get('content-security-policy');
  expect(policy?.split('; ')).toEqual([
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]);
});
