import { jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually, leftOpenBy, resolveOldNatsServer, startNats } from '@jobstream/test-support';
import type { TestNats } from '@jobstream/test-support';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { LogUnavailableError, StreamMismatchError, UnsupportedServerError } from './errors.ts';
import { EventLog } from './eventLog.ts';
import { assertSupportedServer } from './connection/connection.ts';
import { streamSettings } from './streams/streams.ts';
import { JobScript } from '../testing/jobScript.ts';
import { openEventLog } from '../testing/openEventLog.ts';
import { openTestQueue } from '../testing/openTestQueue.ts';
import { publishRaw } from '../testing/publishRaw.ts';

describe('the streams', () => {
  test('are created once, also by two processes that start concurrently', async () => {
    await using nats = await startNats();
    const logs = await Promise.all([openEventLog({ url: nats.url }), openEventLog({ url: nats.url })]);
    await using again = await openEventLog({ url: nats.url });
    await again.append(new JobScript().create(), 0);
    expect(await again.lastSequence()).toBe(1);
    for (const log of logs) await log.stop();
  });

  test('cannot lose a single message, whoever asks for it', { tags: ['exact'] }, async () => {
    await using nats = await startNats();
    await using log = await openEventLog({ url: nats.url });
    await log.append(new JobScript().create(), 0);
    const client = await connect({ servers: nats.url });
    const manager = await jetstreamManager(client);
    await expect(manager.streams.deleteMessage('JOBS', 1)).rejects.toThrow(/delete/);
    await client.close();
    expect(await log.lastSequence()).toBe(1);
  });

  describe.each([
    { found: 0, wanted: 60_000, rule: { kind: 'kept' } },
    { found: 60_000, wanted: 60_000, rule: { kind: 'aged', maxAgeMs: 60_000 } },
    { found: 60_000, wanted: 120_000, difference: 'max_age should be 120000000000 but is 60000000000' },
    { found: 60_000, wanted: 0, difference: 'max_age should be 0 but is 60000000000' },
  ])('of an earlier release, with $found ms as maximum age where $wanted are wanted', ({ found, wanted, ...then }) => {
    test('cannot be purged, and the server expires their messages or they keep them', async () => {
      await using nats = await startNats();
      const client = await connect({ servers: nats.url });
      const manager = await jetstreamManager(client);
      const [jobs] = streamSettings(1);
      await manager.streams.add({ ...jobs, max_age: found * 1_000_000, deny_purge: true });
      await client.close();
      const log = new EventLog({ url: nats.url, name: 'test', maxAgeMs: wanted });
      onTestFinished(() => log.stop());
      const failure = await log.start().catch((error: StreamMismatchError) => error.differences);
      expect(failure ?? log.prefix.rule).toEqual(then.rule ?? [then.difference]);
    });
  });

  test('of a newer release may have claims of unique keys, which readers of jobs pass by', async () => {
    await using nats = await startNats();
    await using first = await openEventLog({ url: nats.url });
    const client = await connect({ servers: nats.url });
    const manager = await jetstreamManager(client);
    await manager.streams.update('JOBS', { subjects: ['jobs.>', 'schedules.>', 'unique.>'] });
    await client.close();
    const job = new JobScript();
    const created = await first.append(job.create(), 0);
    await publishRaw(nats.url, 'unique.6b1f', '{"holder":"somebody"}');
    await using later = await openEventLog({ url: nats.url });
    await later.append(job.start(), created);
    const entries = await later.readNext(0, 10);
    expect(entries.map(({ kind }) => kind)).toEqual(['event', 'other', 'event']);
  });

  test('with contradicting settings are refused, and each difference is reported', async () => {
    await using nats = await startNats();
    const client = await connect({ servers: nats.url });
    const manager = await jetstreamManager(client);
    await manager.streams.add({ name: 'JOBS', subjects: ['jobs.>'], retention: RetentionPolicy.Interest });
    await client.close();
    let error: unknown;
    const start = () =>
      new EventLog({ url: nats.url, name: 'test' }).start().catch((reason: unknown) => (error = reason));
    expect(await leftOpenBy(start)).toEqual([]);
    expect(error).toBeInstanceOf(StreamMismatchError);
    expect((error as StreamMismatchError).differences).toEqual(
      expect.arrayContaining([
        'subjects should be ["jobs.>","schedules.>"] but is ["jobs.>"]',
        'retention should be "limits" but is "interest"',
      ]),
    );
  });
});

describe('the server', () => {
  test('of an unsupported version is refused', async (context) => {
    const old = await resolveOldNatsServer();
    if ('missing' in old) return context.skip(old.missing);
    await using nats = await startNats({ binary: old.binary });
    await expect(new EventLog({ url: nats.url, name: 'test' }).start()).rejects.toThrow(UnsupportedServerError);
    // On a machine that has none yet, an old server is fetched or built first.
  });

  test.each(['2.10.29', '2.14.3', '1.99.99', 'unknown'])('version %s is too old', (version) => {
    expect(() => assertSupportedServer(version)).toThrow(UnsupportedServerError);
  });

  test.each(['2.14.4', '2.15.0', '2.15.1-RC.2', '3.0.0', 'v2.15.1'])('version %s is supported', (version) => {
    expect(() => assertSupportedServer(version)).not.toThrow();
  });

  test('that does not listen fails the start with LogUnavailableError', async () => {
    const log = new EventLog({ url: 'nats://127.0.0.1:1', name: 'test' });
    await expect(log.start()).rejects.toThrow(LogUnavailableError);
    await log.stop();
  });
});

test('an event log that is not started throws LogUnavailableError', async () => {
  const log = new EventLog({ url: 'nats://127.0.0.1:1', name: 'test' });
  expect(log.isConnected()).toBe(false);
  expect(() => log.follow({ after: 0 })).toThrow(LogUnavailableError);
});

test('an event log that has worked and is stopped has closed its connection and leaves no timer', async () => {
  await using nats = await startNats();
  const left = await leftOpenBy(async () => {
    const log = await openEventLog({ url: nats.url, managesConsumers: {} });
    await log.announcements.openRegistry();
    await log.announcements.openLiveProcesses();
    await log.schedules.openTriggerQueue({ ackWaitMs: 60_000, onTrigger: async (trigger) => trigger.ack() });
    const job = new JobScript().create();
    await using queue = await openTestQueue(log, { jobType: job.jobType });
    await log.append(job, 0);
    await eventually(() => expect(queue.deliveries).toHaveLength(1));
    await log.stop();
  });
  expect(left).toEqual([]);
});

test('an event log that is stopped waits for what is being appended together', async () => {
  await using nats = await startNats();
  const log = await openEventLog({ url: nats.url });
  const appending = log.appendAll([new JobScript().create(), new JobScript().create()]);
  await log.stop();
  expect(await appending).toBe(1);
});

describe('an event log that is stopped waits, though not for long, for', () => {
  type Begin = (log: EventLog, work: () => Promise<unknown>) => Promise<unknown>;

  test.each<[what: string, begin: Begin]>([
    [
      'what handles a delivery',
      async (log, work) => {
        const job = new JobScript().create();
        await openTestQueue(log, { jobType: job.jobType }, work);
        await log.append(job, 0);
      },
    ],
    [
      'what handles a trigger',
      async (log, work) => {
        const onTrigger = async (trigger: { ack(): void }) => {
          await work();
          trigger.ack();
        };
        await log.schedules.openTriggerQueue({ ackWaitMs: 60_000, onTrigger });
        await log.schedules.triggers.fireAll();
      },
    ],
  ])('%s', async (_what, begin) => {
    await using nats = await startNats();
    await using other = await openEventLog({ url: nats.url });
    const ended: string[] = [];
    const logger = { info: () => {}, warn: (_details: object, text: string) => void ended.push(text) };
    const log = await openEventLog({ url: nats.url, logger });
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await begin(log, async () => {
      begun.resolve();
      await over.promise;
      ended.push('the work');
    });
    await begun.promise;
    const stopping = log.stop().then(() => ended.push('the log'));
    for (let turn = 0; turn < 5; turn++) await other.lastSequence(); // one that does not wait has stopped by then
    over.resolve();
    await stopping;
    // On a starved machine the time for it may pass, which it says.
    expect(['the work', 'stopped with appends or deliveries still pending']).toContain(ended[0]);
  });
});

describe('an event log whose server is down', () => {
  let nats: TestNats;
  let log: EventLog;

  beforeEach(async () => {
    nats = await startNats();
    log = await openEventLog({ url: nats.url, deadlineMs: 600_000 });
  });
  afterEach(() => nats[Symbol.asyncDispose]());

  test.each(['SIGKILL', 'SIGSTOP'] as const)(
    'stops (%s) although appends are pending',
    async (signal) => {
      await nats.kill(signal);
      const outcome = log.append(new JobScript().create(), 0).catch((error: unknown) => error);
      await log.stop(); // waiting for the append would take ten minutes, for the client library until its pings have failed
      expect(await Promise.race([outcome, Promise.resolve('open')])).toBe('open');
      if (signal === 'SIGSTOP') await nats.resume();
    },
    8_000,
  );
});
