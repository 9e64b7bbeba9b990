import { randomUUID } from 'node:crypto';
import { startNats } from '@jobstream/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { LogUnavailableError, NewerEventError } from '../errors.ts';
import { JobReader } from './jobReader.ts';
import { LeaderReader } from './leaderReader.ts';
import { LaggingReader } from '../../testing/laggingReader.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { publishRaw } from '../../testing/publishRaw.ts';

let nats: Awaited<ReturnType<typeof startNats>>;
let log: Awaited<ReturnType<typeof openEventLog>>;

beforeAll(async () => {
  nats = await startNats();
  log = await openEventLog({ url: nats.url });
});

afterAll(async () => {
  await log.stop();
  await nats.stop();
});

async function appendAll(job: JobScript): Promise<number> {
  let sequence = 0;
  for (const event of job.events) sequence = await log.append(event, sequence);
  return sequence;
}

/** A job that passes some events more than once. */
function retriedJob(): JobScript {
  const job = new JobScript();
  job.create();
  for (let attempt = 1; attempt <= 3; attempt++) {
    job.start();
    job.fail();
  }
  job.start();
  job.complete({ sent: true });
  return job;
}

test('a job that nobody created is undefined and has no history', async () => {
  expect(await log.readJob(randomUUID())).toBeUndefined();
  expect(await log.readHistory(randomUUID())).toEqual([]);
});

test('the history has every event in order, also those that came more than once', async () => {
  const job = retriedJob();
  await appendAll(job);
  expect((await log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(job.events);
});

test('a job goes on behind a message that is no event', async () => {
  const job = new JobScript();
  job.create();
  await appendAll(job);
  const foreign = await publishRaw(nats.url, `jobs.${job.jobType}.${job.jobId}.progressed`, 'not JSON');
  const snapshot = await log.readJob(job.jobId, job.jobType);
  expect(snapshot).toMatchObject({ sequence: foreign, job: { status: 'pending' } });
  expect(await log.append(job.start(), foreign)).toBe(foreign + 1);
});

test('each event of a history has its sequence and the time at which it was recorded', async () => {
  const job = retriedJob();
  const last = await appendAll(job);
  const history = await log.readHistory(job.jobId);
  const sequences = history.map(({ sequence }) => sequence);
  expect(sequences).toEqual(Array.from(job.events, (_, index) => last - job.events.length + 1 + index));
  for (const { recordedAt } of history) expect(Number.isNaN(Date.parse(recordedAt))).toBe(false);
});

test('the state is the fold of the history, with the sequence that the next append must expect', async () => {
  const job = retriedJob();
  const last = await appendAll(job);
  for (const type of [undefined, job.jobType]) {
    expect(await log.readJob(job.jobId, type)).toMatchObject({
      sequence: last,
      job: { id: job.jobId, status: 'completed', attempt: 4, version: 9, result: { sent: true } },
    });
  }
});

test('reads a history whose writer sent no expectations, as far as it is one event a subject', async () => {
  const job = new JobScript();
  const events = [job.create(), job.start(), job.complete()];
  for (const event of events) {
    await publishRaw(nats.url, `jobs.email.${job.jobId}.${event.event.slice(3).toLowerCase()}`, JSON.stringify(event));
  }
  expect((await log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(events);
});

test('leaves out a message that is no event', async () => {
  const job = new JobScript();
  await log.append(job.create(), 0);
  await publishRaw(nats.url, `jobs.email.${job.jobId}.progressed`, 'not JSON');
  expect((await log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(job.events);
});

test('refuses to judge a job with an event of a newer schema', async () => {
  const job = new JobScript();
  await publishRaw(nats.url, `jobs.email.${job.jobId}.created`, JSON.stringify({ ...job.create(), v: 2 }));
  await expect(log.readJob(job.jobId)).rejects.toThrow(NewerEventError);
});

describe('with replicas', () => {
  let connection: Connection;
  let replica: LaggingReader;
  let reader: JobReader;

  beforeAll(async () => {
    connection = await Connection.open({ url: nats.url, name: 'test' });
    replica = new LaggingReader(connection, 30_000);
    reader = new JobReader({ direct: replica, leader: new LeaderReader(connection), deadlineMs: 30_000 });
  });

  afterAll(() => connection.close());

  test('a requeue that the replica does not have yet is part of the history', async () => {
    const job = new JobScript();
    const [created, started, failed] = [job.create({ maxAttempts: 1 }), job.start(), job.fail()];
    let sequence = 0;
    for (const event of [created, started, failed]) sequence = await log.append(event, sequence);
    replica.horizon = sequence;
    const requeued = await log.append(job.next({ kind: 'RequeueJob' }), sequence);
    expect(await reader.job(job.jobId, job.jobType)).toMatchObject({ sequence: requeued, job: { status: 'pending' } });
  });

  test.each([
    ['nothing', 0],
    ['only the beginning', 3],
  ])('a replica that has %s of a job hides nothing of it', async (_name, count) => {
    const job = retriedJob();
    const last = await appendAll(job);
    replica.horizon = last - job.events.length + count;
    expect((await reader.history(job.jobId)).map(({ event }) => event)).toEqual(job.events);
  });

  test('a job that nobody created is undefined', async () => {
    expect(await reader.job(randomUUID())).toBeUndefined();
  });
});

test('says that the log is not available instead of inventing an empty history', async () => {
  await using frozen = await startNats();
  await using other = await openEventLog({ url: frozen.url, deadlineMs: 300 });
  await frozen.pause();
  await expect(other.readJob(randomUUID())).rejects.toThrow(LogUnavailableError);
  await frozen.resume();
});
