import { eventually, startNats, startNatsOnFullableDisk } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { LogUnavailableError } from '../errors.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { WriteHealth } from './writeHealth.ts';

const create = () => new JobScript().create();

test.skipIf(process.platform !== 'linux')(
  'a log on a full disk is not writable until its server is restarted, even with free space again',
  async () => {
    await using nats = await startNatsOnFullableDisk();
    await using log = await openEventLog({ url: nats.url, deadlineMs: 500 });
    const first = create();
    await using patient = await openEventLog({ url: nats.url });
    await patient.append(first, 0);
    expect(log.isWritable()).toBe(true);
    await nats.fillDisk();
    await expect(log.append(create(), 0)).rejects.toThrow(LogUnavailableError);
    expect(log.isWritable()).toBe(false);
    expect(log.isConnected()).toBe(true);
    expect((await log.readJob(first.jobId))?.sequence).toBe(1);
    await nats.freeDisk();
    await expect(log.appendAll([create(), create()])).rejects.toThrow(LogUnavailableError);
    expect(log.isWritable()).toBe(false);
    await nats.restart();
    await eventually(() => expect(log.isWritable()).toBe(true));
    expect(await patient.append(create(), 0)).toBe(2);
  },
);

test.skipIf(process.platform !== 'linux')(
  'a watched server whose write has failed is restarted once while its disk has room, and the log goes on',
  async () => {
    const lines: string[] = [];
    await using nats = await startNatsOnFullableDisk({ watchDisk: (line) => void lines.push(line) });
    await using log = await openEventLog({ url: nats.url, deadlineMs: 500 });
    await nats.fillDisk();
    await expect(log.append(create(), 0)).rejects.toThrow(LogUnavailableError);
    await eventually(() => expect(log.isWritable()).toBe(true));
    expect(await log.append(create(), 0)).toBeGreaterThan(0);
    expect(lines).toEqual([
      expect.stringMatching(/^restarting nats-server, which takes no more, with .* MB free: .*file too large$/),
    ]);
  },
);

test('an unreachable log is not writable, whatever the last outcomes', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  await nats.kill();
  await eventually(() => expect(log.isWritable()).toBe(false));
  await nats.restart();
  await eventually(() => expect(log.isWritable()).toBe(true));
});

test('the newest outcome decides, except those that say nothing about the log', () => {
  const health = new WriteHealth(
    { onReconnected: () => () => undefined },
    { observer: undefined, presumeWritableAfterMs: 60_000 },
  );
  health.appended('unavailable', 1);
  for (const outcome of ['conflict', 'overloaded', 'too-large'] as const) health.appended(outcome, 1);
  expect(health.isWritable()).toBe(false);
  health.appended('stored', 1);
  expect(health.isWritable()).toBe(true);
  health.appended('unavailable', 1);
  expect(health.isWritable()).toBe(false);
});

test('a log that was not writable is presumed writable after a time without outcomes', async () => {
  const health = new WriteHealth(
    { onReconnected: () => () => undefined },
    { observer: undefined, presumeWritableAfterMs: 20 },
  );
  health.appended('unavailable', 1);
  await eventually(() => expect(health.isWritable()).toBe(true));
});
