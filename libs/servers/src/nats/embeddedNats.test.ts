import { chmod, mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EmbeddedNats } from './embeddedNats.ts';
import { resolveNatsServer } from './resolveNatsServer.ts';

test('the log and the configuration can be read by their owner alone, also those of an earlier release', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-nats-'));
  const files = ['nats.conf', 'nats.log'].map((name) => path.join(folder.path, name));
  for (const file of files) {
    await writeFile(file, '');
    await chmod(file, 0o644);
  }
  await using nats = new EmbeddedNats({ binary: await resolveNatsServer(), dataDir: folder.path });
  await nats.start();
  const modes = await Promise.all(files.map(async (file) => (await stat(file)).mode & 0o777));
  expect(modes).toEqual([0o600, 0o600]);
});
