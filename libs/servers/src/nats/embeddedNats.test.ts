import { chmod, mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EmbeddedNats } from './embeddedNats.ts';
import { fileStoreLimit, measureDisk } from './fileStoreLimit.ts';
import { resolveNatsServer } from './resolveNatsServer.ts';

async function storedBy(nats: EmbeddedNats): Promise<{ storage: number; config: { max_storage: number } }> {
  const response = await fetch(`${nats.monitorUrl}/jsz`);
  return response.json() as ReturnType<typeof storedBy>;
}

test('a server may store what is free on its disk beside the reserve, or what it is told', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-nats-'));
  const options = { binary: await resolveNatsServer(), dataDir: folder.path, monitored: true };
  await using free = new EmbeddedNats(options);
  await free.start();
  const limit = fileStoreLimit(await measureDisk(free.storeDir));
  const { config } = await storedBy(free);
  expect(Math.abs(config.max_storage - limit)).toBeLessThan(0.1 * limit); // others write meanwhile
  await free.stop();
  await using told = new EmbeddedNats({ ...options, maxFileStore: 5_000_000 });
  await told.start();
  expect((await storedBy(told)).config.max_storage).toBe(5_000_000);
});

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
