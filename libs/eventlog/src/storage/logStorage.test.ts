import { resolveNatsServer } from '@jobstream/servers';
import { eventually, startNats, startNatsOnFullableDisk } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { LogUnavailableError } from '../errors.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { bytesLeft, LogStorage } from './logStorage.ts';

const create = () => new JobScript().create();
const storage = (...monitorUrls: readonly string[]) => new LogStorage({ monitorUrls, storeDir: undefined });

/** A server that may store 1 MB more than its streams reserve, and has a monitoring address. */
async function startSmall() {
  const nats = await startNats({
    binary: await resolveNatsServer(),
    syncAlways: true,
    monitored: true,
    maxFileStore: 20_000,
  });
  return Object.assign(nats, { monitor: nats.monitorUrl ?? '' });
}

async function fillUp(url: string): Promise<void> {
  await using log = await openEventLog({ url, deadlineMs: 500 });
  const append = async () => {
    for (;;) await log.append(create(), 0);
  };
  await expect(append()).rejects.toThrow(LogUnavailableError);
}

test('a log that has reached its limit says so before the first append, and with how many bytes', async () => {
  await using nats = await startSmall();
  await using before = await openEventLog({ url: nats.url, monitorUrls: [nats.monitor] });
  expect(await before.checkWritable()).toBe(true);
  await fillUp(nats.url);
  await using log = await openEventLog({ url: nats.url, monitorUrls: [nats.monitor] });
  expect(log.isWritable()).toBe(true);
  expect(await log.checkWritable()).toBe(
    `nats-server ${new URL(nats.monitor).host} stores no more: it has 0.0 MB of 0.0 MB that max_file_store allows`,
  );
});

test('of three servers, one that stores no more does not close the log, and two do', async () => {
  await using nats = await startSmall();
  await fillUp(nats.url);
  const dead = 'http://127.0.0.1:1';
  expect(await storage(nats.monitor, dead, dead).whyClosed()).toBeUndefined();
  expect(await storage(nats.monitor, nats.monitor, dead).whyClosed()).toContain('stores no more');
});

test.skipIf(process.platform !== 'linux')(
  'a failed write is the reason in the words of the server, also when the disk has room again',
  async () => {
    await using nats = await startNatsOnFullableDisk();
    const monitor = nats.monitorUrl ?? '';
    await using log = await openEventLog({ url: nats.url, deadlineMs: 500, monitorUrls: [monitor] });
    await nats.fillDisk();
    await expect(log.append(create(), 0)).rejects.toThrow(LogUnavailableError);
    await nats.freeDisk();
    expect(await log.checkWritable()).toMatch(/could not write: .* > JOBS' write error: .*file too large/);
    await nats.restart();
    await eventually(async () => expect(await log.checkWritable()).toBe(true));
  },
);

test('what is left is bounded by the limit and by the disk, where it is seen', () => {
  const server = { server: 'nats:8222', used: 60, limit: 100, failedWrite: undefined };
  expect(bytesLeft({ ...server, free: undefined })).toBe(40);
  expect(bytesLeft({ ...server, free: 10 })).toBe(10);
  expect(bytesLeft({ ...server, limit: 50, free: 10 })).toBe(0);
});

test('servers are asked once a second at most, and those that do not answer are left out', async () => {
  await using nats = await startSmall();
  const known = storage(nats.monitor, 'http://127.0.0.1:1');
  const [first] = await known.servers();
  expect(first).toMatchObject({ server: new URL(nats.monitor).host, limit: 20_000 });
  expect(await known.servers()).toBe(await known.servers());
});
