import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { eventually, startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobAppendRequest } from './appendRequest.ts';
import { ConcurrentAppendError, EventTooLargeError, LogOverloadedError, LogUnavailableError } from '../errors.ts';
import type { EventLog } from '../eventLog.ts';
import type { BatchPublisher } from '../connection/publisher.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openAppender } from '../../testing/openAppender.ts';
import { openBehindProxy } from '../../testing/openBehindProxy.ts';
import { openEventLog } from '../../testing/openEventLog.ts';

type Nats = Awaited<ReturnType<typeof startNats>>;
type OpenLog = Awaited<ReturnType<typeof openEventLog>>;

/** Enough appends at once to be committed as atomic batches with group commit. */
const MANY = 200;

describe.each([{ groupCommit: true }, { groupCommit: false }])(
  'an appender with group commit $groupCommit',
  (options) => {
    let nats: Nats;
    let log: OpenLog;

    beforeAll(async () => {
      nats = await startNats();
      log = await openEventLog({ url: nats.url, ...options });
    });

    afterAll(async () => {
      await log.stop();
      await nats.stop();
    });

    test('stores an event and returns its sequence', async () => {
      const job = new JobScript();
      const created = await log.append(job.create(), 0);
      const started = await log.append(job.start(), created);
      expect(await log.readHistory(job.jobId)).toMatchObject([
        { sequence: created, event: job.events[0] },
        { sequence: started, event: job.events[1] },
      ]);
    });

    test('returns to each of many concurrent appends the sequence of its own event', async () => {
      const jobs = Array.from({ length: MANY }, () => new JobScript());
      const sequences = await Promise.all(jobs.map((job) => log.append(job.create(), 0)));
      expect(new Set(sequences).size).toBe(MANY);
      for (const [index, job] of jobs.entries()) {
        expect(await log.readHistory(job.jobId)).toMatchObject([{ sequence: sequences[index], event: job.events[0] }]);
      }
    });

    test('refuses an append whose job has a newer event', async () => {
      const job = new JobScript();
      const sequence = await log.append(job.create(), 0);
      await log.append(job.start(), sequence);
      await expect(log.append(job.complete(), sequence)).rejects.toThrow(ConcurrentAppendError);
      expect(await log.readHistory(job.jobId)).toHaveLength(2);
    });

    test('stores exactly one of two concurrent creations of a job', async () => {
      await using rival = await openEventLog({ url: nats.url, ...options });
      const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => race(log, rival)));
      expect(outcomes.filter((winners) => winners !== 1)).toEqual([]);
    });

    test('creates one job under an idempotency key that is used for several types', async () => {
      const jobId = randomUUID();
      const rivals = ['email', 'webhook', 'sleep'].map((jobType) => new JobScript({ jobId, jobType }));
      const outcomes = await Promise.allSettled(
        rivals.map((job) => log.append(job.create({ idempotencyKey: 'k' }), 0)),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    test('stores the other pending appends when one of them conflicts', async () => {
      const stale = new JobScript();
      await log.append(stale.create(), 0);
      const jobs = Array.from({ length: MANY }, () => new JobScript());
      const appends = jobs.map((job) => log.append(job.create(), 0));
      const conflict = log.append(stale.start(), 0);
      await expect(conflict).rejects.toThrow(ConcurrentAppendError);
      expect(new Set(await Promise.all(appends)).size).toBe(MANY);
    });

    test('stores one of two pending appends to one job, as their expectations demand', async () => {
      const jobs = Array.from({ length: MANY }, () => new JobScript());
      const event = new JobScript();
      const twice = [log.append(event.create(), 0), log.append(event.start(), 0)];
      const others = Promise.all(jobs.map((job) => log.append(job.create(), 0)));
      const outcomes = await Promise.allSettled(twice);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(new Set(await others).size).toBe(MANY);
    });

    test('refuses an event over max_payload, and sends nothing', async () => {
      const before = await log.lastSequence();
      const event = new JobScript().create({ payload: 'x'.repeat(1_100_000) });
      await expect(log.append(event, 0)).rejects.toThrow(EventTooLargeError);
      expect(await log.lastSequence()).toBe(before);
    });
  },
);

test('an appender refuses further appends when too many are pending', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, maxPending: 10 });
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => log.append(new JobScript().create(), 0)));
  const refused = outcomes.filter(
    (outcome) => outcome.status === 'rejected' && outcome.reason instanceof LogOverloadedError,
  );
  expect(refused).toHaveLength(20);
  await expect(log.append(new JobScript().create(), 0)).resolves.toBeGreaterThan(0);
});

test('an appender refuses further appends when the pending ones have too many bytes, but never a lone one', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, maxPendingBytes: 100_000 });
  const create = (bytes: number) => log.append(new JobScript().create({ payload: 'x'.repeat(bytes) }), 0);
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => create(30_000)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  expect(outcomes[3]).toMatchObject({ reason: expect.any(LogOverloadedError) as object });
  await expect(create(200_000)).resolves.toBeGreaterThan(0);
});

test('an appender stores events over the size of a batch, and the appends beside them', async () => {
  await using nats = await startNats({ maxPayload: '8MB' });
  await using log = await openEventLog({ url: nats.url, deadlineMs: 10_000 });
  const sizes = [4_200_000, 4_200_000, ...Array.from({ length: MANY }, () => 1), 4_200_000];
  const events = sizes.map((size) => new JobScript().create({ payload: 'x'.repeat(size) }));
  const sequences = await Promise.all(events.map((event) => log.append(event, 0)));
  expect(new Set(sequences).size).toBe(sizes.length);
});

test('one conflict among many pending appends makes few of the others singles, each of which is a sync', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  const stale = new JobScript();
  await log.append(stale.create(), 0);
  const sent = { acknowledged: 0, batches: 0 };
  const counted = (publisher: BatchPublisher): BatchPublisher => ({
    publish(...message) {
      sent.acknowledged += 1;
      publisher.publish(...message);
    },
    publishWithoutAck: (...message) => publisher.publishWithoutAck(...message),
  });
  const observer = { appended: () => undefined, batchSent: () => void (sent.batches += 1) };
  await using appender = await openAppender(nats.url, counted, { observer });
  const append = (event: JobEvent) => appender.append(jobAppendRequest(event), 0);
  const others = Array.from({ length: MANY }, () => append(new JobScript().create()));
  await expect(append(stale.start())).rejects.toThrow(ConcurrentAppendError);
  expect(new Set(await Promise.all(others)).size).toBe(MANY);
  expect(sent.acknowledged - sent.batches).toBeLessThan(24); // what is left of the smallest batch, which has twelve to 23
  expect(sent.batches).toBeLessThan(2 * Math.log2(MANY));
});

test('every acknowledged event is kept when the server is killed during a stream of appends', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, deadlineMs: 20_000 });
  const acknowledged = new Map<string, number>();
  const stop = new AbortController();
  const writer = async () => {
    while (!stop.signal.aborted) {
      const event = new JobScript().create();
      acknowledged.set(event.jobId, await log.append(event, 0));
    }
  };
  const writers = Promise.all(Array.from({ length: 50 }, writer));
  for (let kills = 1; kills <= 2; kills++) {
    const before = acknowledged.size;
    await eventually(() => expect(acknowledged.size).toBeGreaterThan(before + 200));
    await nats.kill('SIGKILL');
    await nats.restart();
  }
  const before = acknowledged.size;
  await eventually(() => expect(acknowledged.size).toBeGreaterThan(before + 200));
  stop.abort();
  await writers;
  const stored = await storedSequences(nats.url);
  for (const [jobId, sequence] of acknowledged) expect(stored.get(sequence)).toBe(jobId);
  // Each writer waits for its acknowledgement, so no job may be stored twice or stay unacknowledged.
  expect(stored.size).toBe(acknowledged.size);
});

describe('an append whose connection is lost before the acknowledgement', () => {
  test('succeeds with its sequence when it was stored', async () => {
    await using stage = await openBehindProxy();
    const { proxy, log, direct } = stage;
    proxy.pauseDownstream();
    const job = new JobScript();
    const append = log.append(job.create(), 0);
    await eventually(async () => expect(await direct.lastSequence()).toBe(1));
    // Another writer appends too, so that the job's newest event is not the one to settle.
    await direct.append(job.start(), 1);
    await stage.reconnect();
    await expect(append).resolves.toBe(1);
    expect(await direct.lastSequence()).toBe(2);
  });

  test('is sent again and stored once when it was not stored', async () => {
    await using stage = await openBehindProxy();
    const { proxy, log } = stage;
    proxy.pauseUpstream();
    const job = new JobScript();
    const append = log.append(job.create(), 0);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await stage.reconnect();
    await expect(append).resolves.toBe(1);
    expect(await log.lastSequence()).toBe(1);
  });

  test('fails with ConcurrentAppendError when another writer was first', async () => {
    await using stage = await openBehindProxy();
    const { proxy, log, direct: rival } = stage;
    const jobId = randomUUID();
    proxy.pauseUpstream();
    const append = log.append(new JobScript({ jobId }).create(), 0);
    const outcome = Promise.allSettled([append]);
    await rival.append(new JobScript({ jobId }).create(), 0);
    await stage.reconnect();
    expect(await outcome).toMatchObject([{ status: 'rejected', reason: { code: 'CONCURRENT_APPEND' } }]);
    expect(await rival.lastSequence()).toBe(1);
  });

  // The server receives the first try after it was settled as absent. Many appends are tried as a batch first.
  test.each([1, MANY])(
    'succeeds, as each of %i, when a further try conflicts with the first, which came late',
    async (count) => {
      await using nats = await startNats();
      await using log = await openEventLog({ url: nats.url });
      await using appender = await openAppender(nats.url);
      const events = Array.from({ length: count }, () => new JobScript().create());
      const sequences = await Promise.all(events.map((event) => appender.append(jobAppendRequest(event), 0)));
      expect(sequences).toEqual(events.map((_, index) => index + 1));
      expect(await log.lastSequence()).toBe(count);
    },
  );

  test('as part of a batch succeeds with the sequence of its own event', async () => {
    await using stage = await openBehindProxy();
    const { nats, proxy, log, direct } = stage;
    proxy.pauseDownstream();
    const jobs = Array.from({ length: MANY }, () => new JobScript());
    const appends = Promise.all(jobs.map((job) => log.append(job.create(), 0)));
    await eventually(async () => expect(await direct.lastSequence()).toBeGreaterThan(0));
    await stage.reconnect();
    const sequences = await appends;
    const stored = await storedSequences(nats.url);
    expect(sequences.map((sequence) => stored.get(sequence))).toEqual(jobs.map(({ jobId }) => jobId));
    expect(stored.size).toBe(MANY);
  });

  test('fails at its deadline while the server is down', async () => {
    await using nats = await startNats();
    await using log = await openEventLog({ url: nats.url, deadlineMs: 300 });
    await nats.kill('SIGKILL');
    await expect(log.append(new JobScript().create(), 0)).rejects.toThrow(LogUnavailableError);
    await nats.restart();
    await using patient = await openEventLog({ url: nats.url });
    expect(await patient.lastSequence()).toBe(0);
    await expect(eventually(() => log.append(new JobScript().create(), 0))).resolves.toBeGreaterThan(0);
  });

  test('fails at its deadline while the server is frozen', async () => {
    await using nats = await startNats();
    await using log = await openEventLog({ url: nats.url, deadlineMs: 300 });
    await nats.pause();
    await expect(log.append(new JobScript().create(), 0)).rejects.toThrow(LogUnavailableError);
    await nats.resume();
    await expect(eventually(() => log.append(new JobScript().create(), 0))).resolves.toBeGreaterThan(0);
  });
});

test('an append that the server refuses for another reason fails with what the server says', async () => {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url });
  await log.append(new JobScript().create(), 0);
  const connection = await connect({ servers: nats.url });
  await (await jetstreamManager(connection)).streams.update('JOBS', { max_msgs: 1 });
  await connection.close();
  await expect(log.append(new JobScript().create(), 0)).rejects.toThrow('maximum messages exceeded');
});

test('stop waits until an append has its outcome', async () => {
  await using nats = await startNats();
  await using _log = await openEventLog({ url: nats.url });
  await using appender = await openAppender(nats.url);
  const stored: number[] = [];
  void appender.append(jobAppendRequest(new JobScript().create()), 0).then((sequence) => stored.push(sequence));
  await appender.stop();
  expect(stored).toEqual([1]);
});

async function race(left: EventLog, right: EventLog): Promise<number> {
  const jobId = randomUUID();
  const [one, other] = [new JobScript({ jobId }), new JobScript({ jobId })];
  const outcomes = await Promise.allSettled([left.append(one.create(), 0), right.append(other.create(), 0)]);
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

/** Reads the stream without the code under test; returns the job ids by sequence. */
async function storedSequences(url: string): Promise<Map<number, string>> {
  const nats = await connect({ servers: url });
  const info = await nats.request('$JS.API.STREAM.INFO.JOBS', '', { timeout: 30_000 });
  const last = info.json<{ state: { last_seq: number } }>().state.last_seq;
  const stored = new Map<number, string>();
  for (let sequence = 1; sequence <= last; sequence++) {
    const answer = await nats.request('$JS.API.DIRECT.GET.JOBS', JSON.stringify({ seq: sequence }), {
      timeout: 30_000,
    });
    stored.set(sequence, answer.json<{ jobId: string }>().jobId);
  }
  await nats.close();
  return stored;
}
