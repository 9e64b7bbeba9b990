import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobAppendRequest } from './appendRequest.ts';
import { AppendLimiter } from './appendLimiter.ts';
import { BatchAppender } from './batchAppender.ts';
import { Connection } from '../connection/connection.ts';
import { ConcurrentAppendError, EventTooLargeError, LogOverloadedError, LogUnavailableError } from '../errors.ts';
import type { EventLog } from '../eventLog.ts';
import { Publisher, type BatchPublisher } from '../connection/publisher.ts';
import { firstOf } from '../../testing/batchMembers.ts';
import { delayFirst } from '../../testing/delayFirst.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openBehindProxy } from '../../testing/openBehindProxy.ts';
import { openEventLog } from '../../testing/openEventLog.ts';

type Nats = Awaited<ReturnType<typeof startNats>>;

const limiter = new AppendLimiter({ maxPending: 1_000, maxPendingBytes: 1_000_000 });
const newJobs = (count: number) => Array.from({ length: count }, () => new JobScript().create());

describe.each([{ groupCommit: true }, { groupCommit: false }])(
  'a batch, with group commit $groupCommit,',
  (options) => {
    let nats: Nats;
    let log: EventLog & AsyncDisposable;

    beforeAll(async () => {
      nats = await startNats();
      log = await openEventLog({ url: nats.url, ...options });
    });

    afterAll(async () => {
      await log.stop();
      await nats[Symbol.asyncDispose]();
    });

    test.each([1, 2, 1_000])('of %i events is stored in order and without a gap', async (count) => {
      const events = newJobs(count);
      const first = await log.appendAll(events);
      expect(await log.lastSequence()).toBe(first + count - 1);
      for (const index of new Set([0, Math.floor(count / 2), count - 1])) {
        const event = events[index];
        expect(await log.readHistory(event?.jobId ?? '')).toMatchObject([{ sequence: first + index, event }]);
      }
    });

    test('is refused whole when one of its jobs exists', async () => {
      const existing = new JobScript();
      await log.append(existing.create(), 0);
      const before = await log.lastSequence();
      const rival = new JobScript({ jobId: existing.jobId }).create();
      await expect(log.appendAll([...newJobs(20), rival, ...newJobs(20)])).rejects.toThrow(ConcurrentAppendError);
      expect(await log.lastSequence()).toBe(before);
    });

    test('is refused whole when one of its events is too large', async () => {
      const before = await log.lastSequence();
      const large = new JobScript().create({ payload: 'x'.repeat(1_100_000) });
      await expect(log.appendAll([...newJobs(5), large])).rejects.toThrow(EventTooLargeError);
      expect(await log.lastSequence()).toBe(before);
    });

    test('is stored beside concurrent appends and batches', async () => {
      const singles = newJobs(300);
      const batches = Array.from({ length: 12 }, () => newJobs(50));
      const before = await log.lastSequence();
      const sequences = await Promise.all([
        ...singles.map((event) => log.append(event, 0)),
        ...batches.map((events) => log.appendAll(events)),
      ]);
      expect(new Set(sequences).size).toBe(312);
      expect(await log.lastSequence()).toBe(before + 900);
      for (const [index, events] of batches.entries()) {
        const sequence = (sequences[300 + index] ?? 0) + 49;
        expect(await log.readHistory(events[49]?.jobId ?? '')).toMatchObject([{ sequence }]);
      }
    });

    test('is stored once when two processes write it concurrently', async () => {
      await using rival = await openEventLog({ url: nats.url, ...options });
      const ids = Array.from({ length: 100 }, () => randomUUID());
      const batch = () => ids.map((jobId) => new JobScript({ jobId }).create({ idempotencyKey: jobId }));
      const outcomes = await Promise.allSettled([log, rival, log, rival].map((writer) => writer.appendAll(batch())));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const jobId of ids) expect(await log.readHistory(jobId)).toHaveLength(1);
    });
  },
);

test('a batch is refused when too many events are pending', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, maxPending: 25 });
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => log.appendAll(newJobs(10))));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(outcomes[2]).toMatchObject({ reason: expect.any(LogOverloadedError) as object });
  await expect(log.appendAll(newJobs(10))).resolves.toBeGreaterThan(0);
});

test('a batch is refused when its bytes and those of pending appends exceed the limit, but never a lone batch', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, maxPendingBytes: 10_000 });
  const single = log.append(new JobScript().create({ payload: 'x'.repeat(8_000) }), 0);
  await expect(log.appendAll(newJobs(10))).rejects.toThrow(LogOverloadedError);
  await single;
  await expect(log.appendAll(newJobs(100))).resolves.toBeGreaterThan(0);
});

describe('a batch whose connection is lost before the acknowledgement', () => {
  test('succeeds with its sequence when it was stored, although one of its jobs has a newer event', async () => {
    await using stage = await openBehindProxy();
    const { proxy, log, direct } = stage;
    proxy.pauseDownstream();
    const job = new JobScript();
    const outcome = log.appendAll([job.create(), ...newJobs(99)]);
    const sequence = await untilStored(direct, 100);
    await direct.append(job.start(), sequence - 99);
    await stage.reconnect();
    expect(await outcome).toBe(sequence - 99);
    expect(await direct.lastSequence()).toBe(sequence + 1);
  });

  // Five megabytes do not fit into the buffers on the way, so the cut goes through the middle of some of them.
  test('is stored whole by a further try, wherever the connection was cut', async () => {
    await using stage = await openBehindProxy();
    const { log, direct } = stage;
    for (const turns of [0, 1, 2, 4, 8]) {
      const events = Array.from({ length: 500 }, () => new JobScript().create({ payload: 'x'.repeat(10_000) }));
      const before = await direct.lastSequence();
      const outcome = log.appendAll(events);
      for (let turn = 0; turn < turns; turn++) await setImmediate();
      await stage.reconnect();
      expect(await outcome).toBe(before + 1);
      expect(await direct.lastSequence()).toBe(before + 500);
      expect(await direct.readHistory(events[499]?.jobId ?? '')).toMatchObject([{ sequence: before + 500 }]);
    }
  });

  // The server receives the first try after it was settled as absent.
  test('succeeds when a further try conflicts with the first, which came late', async () => {
    await using nats = await startNats();
    await using log = await openEventLog({ url: nats.url });
    await using batches = await openBatches(nats.url, delayFirst);
    const events = newJobs(20);
    expect(await batches.append(events.map(firstOf))).toEqual(events.map((_event, index) => index + 1));
    expect(await log.lastSequence()).toBe(20);
  });

  test('is stored by a further try behind the event that it expects, when the first was lost', async () => {
    await using nats = await startNats();
    await using log = await openEventLog({ url: nats.url });
    await using batches = await openBatches(nats.url, loseFirst);
    const job = new JobScript();
    const expected = await log.append(job.create(), 0);
    const request = jobAppendRequest(job.next({ kind: 'CancelJob' }));
    expect(await batches.append([{ request, expected }])).toEqual([expected + 1]);
  });

  // A power cut can leave such a log where batches are staged in memory.
  test('fails with ConcurrentAppendError when the log has its first events but not the last', async () => {
    await using nats = await startNats();
    await using log = await openEventLog({ url: nats.url });
    await using batches = await openBatches(nats.url, loseFirst);
    const events = newJobs(20);
    await log.appendAll(events.slice(0, 7));
    const outcome = batches.append(events.map(firstOf));
    await expect(outcome).rejects.toThrow(ConcurrentAppendError);
    expect(await log.lastSequence()).toBe(7);
  });

  test('fails at its deadline while the server is down, and none of it is stored', async () => {
    await using nats = await startNats();
    await using log = await openEventLog({ url: nats.url, deadlineMs: 500 });
    await nats.kill('SIGKILL');
    await expect(log.appendAll(newJobs(10))).rejects.toThrow(LogUnavailableError);
    await nats.restart();
    await using direct = await openEventLog({ url: nats.url });
    expect(await direct.lastSequence()).toBe(0);
  });
});

/** A batch appender on a connection of its own, whose first try `disturb` changes. */
async function openBatches(url: string, disturb: (publisher: Publisher) => BatchPublisher) {
  const connection = await Connection.open({ url, name: 'test' });
  const publisher = new Publisher(connection, 30_000);
  const batches = new BatchAppender(connection, disturb(publisher), { deadlineMs: 30_000, limiter });
  const dispose = async () => {
    await batches.stop();
    publisher.stop();
    await connection.close();
  };
  return Object.assign(batches, { [Symbol.asyncDispose]: dispose });
}

/** Drops the first try and reports it as not acknowledged. */
function loseFirst(publisher: Publisher): BatchPublisher {
  let tries = 0;
  return {
    publishWithoutAck: (...message) => void (tries > 0 && publisher.publishWithoutAck(...message)),
    publish: (...message) => {
      tries++;
      if (tries > 1) publisher.publish(...message);
      else message[3]({ kind: 'unknown', reason: 'lost' });
    },
  };
}

async function untilStored(log: EventLog, count: number): Promise<number> {
  for (;;) {
    const last = await log.lastSequence();
    if (last >= count) return last;
  }
}
