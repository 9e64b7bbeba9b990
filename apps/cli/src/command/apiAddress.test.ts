import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiAddress } from './apiAddress.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-address-'));
  await record('running/.data', process.pid);
  await record('stopped/.data', 2 ** 30);
  await mkdir(path.join(folder, 'running/src'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function record(name: string, pid: number): Promise<void> {
  await mkdir(path.join(folder, name), { recursive: true });
  const recorded = { owner: { pid, startedAt: '' }, api: 'http://127.0.0.1:4711' };
  await writeFile(path.join(folder, name, 'addresses.json'), JSON.stringify(recorded));
}

const addressIn = (name: string, env = {}, given?: string) =>
  apiAddress(given, { folder: path.join(folder, name), env });

test('the option wins over the environment, and that over the running system', () => {
  const env = { JOBSTREAM_URL: 'http://127.0.0.1:2' };
  expect(addressIn('running', env, 'http://127.0.0.1:1')).toBe('http://127.0.0.1:1');
  expect(addressIn('running', env)).toBe('http://127.0.0.1:2');
  expect(addressIn('running', { JOBSTREAM_URL: '' })).toBe('http://127.0.0.1:4711');
});

test('a system that runs is found from the folders in it, and by its data folder', () => {
  expect(addressIn('running/src')).toBe('http://127.0.0.1:4711');
  expect(addressIn('stopped', { DATA_DIR: '../running/.data' })).toBe('http://127.0.0.1:4711');
});

test('without one it is the default address', () => {
  expect(addressIn('stopped')).toBe('http://127.0.0.1:3000');
  expect(addressIn('running', { DATA_DIR: 'elsewhere' })).toBe('http://127.0.0.1:3000');
});
