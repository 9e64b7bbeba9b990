import { chmod, mkdtempDisposable, readFile, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { natsUsers, provideNatsUsers } from './natsUsers.ts';

const scratch = () => mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-users-'));

test('each user has a password of its own, which later starts use again', async () => {
  await using folder = await scratch();
  const { passwords, env } = await provideNatsUsers(folder.path);
  expect(new Set(Object.values(passwords)).size).toBe(natsUsers.length);
  for (const password of Object.values(passwords)) expect(password).toMatch(/^p[0-9a-f]{48}$/);
  expect(env['NATS_WORKER_PASSWORD']).toBe(passwords.worker);
  expect((await provideNatsUsers(folder.path)).passwords).toEqual(passwords);
});

test('the passwords can be read by their owner alone, also where the file was open to others', async () => {
  await using folder = await scratch();
  const files = ['passwords.json', 'users.conf'].map((name) => path.join(folder.path, name));
  for (const file of files) {
    await writeFile(file, '');
    await chmod(file, 0o644);
  }
  await provideNatsUsers(folder.path);
  const modes = await Promise.all(files.map(async (file) => (await stat(file)).mode & 0o777));
  expect(modes).toEqual([0o600, 0o600]);
});

test('a user that the file does not have yet gets a password, and the others keep theirs', async () => {
  await using folder = await scratch();
  const file = path.join(folder.path, 'passwords.json');
  await writeFile(file, JSON.stringify({ api: 'kept' }));
  const { passwords } = await provideNatsUsers(folder.path);
  expect(passwords).toMatchObject({ api: 'kept', worker: expect.stringMatching(/^p/) });
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(passwords);
});
