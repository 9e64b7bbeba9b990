import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
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
  await mkdir(path.join(folder, 'assets'));
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

test('nothing in the page may be inline, evaluated, or from elsewhere', async () => {
  const policy = (await api.fetch('/dashboard')).headers.get('content-security-policy');
  expect(policy).toContain("default-src 'self'; ");
  expect(policy).not.toContain('unsafe');
});
