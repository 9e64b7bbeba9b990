import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { keyFor } from './keyFor.ts';

test('the key of .env is sent to this machine only, and API_KEY to any address', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-key-'));
  const file = path.join(folder.path, '.env');
  expect(keyFor('http://localhost:3000', {}, file)).toBeUndefined();
  await writeFile(file, 'POSTGRES_PASSWORD=secret\nAPI_KEY=of-the-file\n');
  for (const url of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000/']) {
    expect(keyFor(url, {}, file)).toBe('of-the-file');
  }
  expect(keyFor('https://jobs.example.com', {}, file)).toBeUndefined();
  expect(keyFor('https://jobs.example.com', { API_KEY: 'given' }, file)).toBe('given');
});
