import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { EXPECTED_FILTER, EXPECTED_SEQUENCE } from '../connection/headers.ts';
import { JobUnreadableError, LogUnavailableError } from '../errors.ts';
import { JobScript } from '../../testing/jobScript.ts';
import { LaggingReader } from '../../testing/laggingReader.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { publishFirst, publishRaw } from '../../testing/publishRaw.ts';
import { JobReader } from './jobReader.ts';
import { LeaderReader } from './leaderReader.ts';

const on = useEventLog();

async function appendAll(job: JobScript): Promise<number> {
  let sequence = 0;
  for (const event of job.events) sequence = await on.log.append(event, sequence);
  return sequence;
}

/** A job with repeated events. */
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

test('an unknown job is undefined and has no history', async () => {
  expect(await on.log.readJob(randomUUID())).toBeUndefined();
  expect(await on.log.readHistory(randomUUID())).toEqual([]);
});

test('the history has every event in order, also repeated ones', async () => {
  const job = retriedJob();
  await appendAll(job);
  expect((await on.log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(job.events);
});

test('a job goes on behind a malformed message', async () => {
  const job = new JobScript();
  job.create();
  await appendAll(job);
  const foreign = await publishRaw(on.nats.url, `jobs.${job.jobType}.${job.jobId}.progressed`, 'not JSON');
  const snapshot = await on.log.readJob(job.jobId, job.jobType);
  expect(snapshot).toMatchObject({ sequence: foreign, job: { status: 'pending' } });
  expect(await on.log.append(job.start(), foreign)).toBe(foreign + 1);
});

test('each event of a history has its sequence and its recording time', async () => {
  const job = retriedJob();
  const last = await appendAll(job);
  const history = await on.log.readHistory(job.jobId);
  const sequences = history.map(({ sequence }) => sequence);
  expect(sequences).toEqual(Array.from(job.events, (_, index) => last - job.events.length + 1 + index));
  for (const { recordedAt } of history) expect(Number.isNaN(Date.parse(recordedAt))).toBe(false);
});

test('the state is the fold of the history, with the sequence that the next append must expect', async () => {
  const job = retriedJob();
  const last = await appendAll(job);
  for (const type of [undefined, job.jobType]) {
    expect(await on.log.readJob(job.jobId, type)).toMatchObject({
      sequence: last,
      job: { id: job.jobId, status: 'completed', attempt: 4, version: 9, result: { sent: true } },
    });
  }
});

test('reads a history whose writer sent no expectations behind the creation', async () => {
  const job = new JobScript();
  const events = [job.create(), job.start(), job.complete()];
  await on.log.append(events[0] as JobEvent, 0);
  for (const event of events.slice(1)) {
    const subject = `jobs.email.${job.jobId}.${event.event.slice(3).toLowerCase()}`;
    await publishRaw(on.nats.url, subject, JSON.stringify(event));
  }
  expect((await on.log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(events);
});

test('a creation that the server has not compared with earlier ones begins no history', async () => {
  const job = new JobScript();
  const subject = `jobs.email.${job.jobId}.created`;
  await publishRaw(on.nats.url, subject, JSON.stringify(job.create()));
  expect(await on.log.readHistory(job.jobId)).toEqual([]);
  expect(await on.log.readJob(job.jobId)).toBeUndefined();
});

test('leaves out a malformed message', async () => {
  const job = new JobScript();
  await on.log.append(job.create(), 0);
  await publishRaw(on.nats.url, `jobs.email.${job.jobId}.progressed`, 'not JSON');
  expect((await on.log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(job.events);
});

const expecting = (sequence: number, filter: string) => ({
  [EXPECTED_SEQUENCE]: String(sequence),
  [EXPECTED_FILTER]: filter,
});

describe('what a stranger writes on the subjects of a job', () => {
  const junk = {
    'an empty message': { body: '', fields: () => ({}) },
    'an empty message with the status of an end': { body: '', fields: () => ({ Status: '204' }) },
    'a message without an expectation': { body: '{"junk":true}', fields: () => ({}) },
    'a message that names the first event as its last': {
      body: 'not JSON',
      fields: () => expecting(0, 'jobs.nothing.>'),
    },
    'a message that names an event of another job as its last': {
      body: 'not JSON',
      fields: ({ sequence, subject }: { sequence: number; subject: string }) => expecting(sequence, subject),
    },
    'a message with headers as the server adds them': {
      body: '',
      fields: () => ({ 'Nats-Sequence': '1', 'Nats-Subject': 'jobs.a.b.created', 'Nats-Time-Stamp': 'never' }),
    },
    'an empty message whose header names are none': { body: '', fields: () => ({ 'no name': '1' }) },
    'a message whose header names are none': { body: 'junk', fields: () => ({ 'no name': '1', traceparent: '1' }) },
  };
  const tokens = ['created', 'started', 'progressed', 'no-event'];
  const cases = Object.entries(junk).flatMap(([name, written]) =>
    tokens.map((token) => [name, token, written] as const),
  );

  test.each(cases)('%s on %s hides no event and shows none of another job', async (_name, token, { body, fields }) => {
    const other = new JobScript();
    const theirs = await on.log.append(other.create(), 0);
    const job = retriedJob();
    const [rest, last] = [job.events.slice(0, -1), job.events.slice(-1)];
    let sequence = 0;
    for (const event of rest) sequence = await on.log.append(event, sequence);
    const place = { sequence: theirs, subject: `jobs.${other.jobType}.${other.jobId}.>` };
    const subject = `jobs.${job.jobType}.${job.jobId}.${token}`;
    const foreign = await publishRaw(on.nats.url, subject, body, fields(place));
    expect((await on.log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(rest);
    for (const event of last) await on.log.append(event, foreign);
    expect((await on.log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(job.events);
    expect(await on.log.readJob(job.jobId, job.jobType)).toMatchObject({
      sequence: foreign + 1,
      job: { id: job.jobId, status: 'completed', attempt: 4 },
    });
  });
});

test('events are found that a message of a stranger leads past, because it expected something of its own subject', async () => {
  const job = new JobScript();
  const [created, started] = [job.create(), job.start()];
  const progressed = [10, 20, 30].map((percent) => job.next({ kind: 'ReportProgress', attempt: 1, percent }));
  let sequence = await on.log.append(created, 0);
  const first = (sequence = await on.log.append(started, sequence));
  for (const event of progressed.slice(0, 2)) sequence = await on.log.append(event, sequence);
  const subject = `jobs.${job.jobType}.${job.jobId}.started`;
  const foreign = await publishRaw(on.nats.url, subject, 'junk', { [EXPECTED_SEQUENCE]: String(first) });
  for (const event of progressed.slice(2)) await on.log.append(event, foreign);
  expect((await on.log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(job.events);
});

test('a job keeps its payload when another creation of it is stored', async () => {
  const job = new JobScript();
  const created = job.create({ payload: 'first' });
  const sequence = await on.log.append(created, 0);
  const body = JSON.stringify({ ...created, data: { ...created.data, payload: 'second' } });
  const subject = `jobs.${job.jobType}.${job.jobId}.created`;
  const foreign = await publishRaw(on.nats.url, subject, body, expecting(0, 'jobs.nothing.>'));
  expect(await on.log.readJob(job.jobId)).toMatchObject({
    job: { payload: 'first' },
    sequence: foreign,
    dispatches: [sequence],
  });
});

test('a job is read whose subjects are more than the server returns at once', async () => {
  const job = retriedJob();
  const last = await appendAll(job);
  const prefix = `jobs.${job.jobType}.${job.jobId}`;
  const connection = await Connection.open({ url: on.nats.url, name: 'stranger' });
  for (let count = 0; count < 1_100; count++) connection.nats.publish(`${prefix}.junk-${count}`, '');
  await connection.close();
  expect((await on.log.readHistory(job.jobId)).map(({ event }) => event)).toEqual(job.events);
  expect(await on.log.readJob(job.jobId)).toMatchObject({ sequence: last + 1_100, job: { status: 'completed' } });
});

test('the next append goes behind the last message of the type of the job', async () => {
  const job = new JobScript();
  const created = job.create();
  const sequence = await on.log.append(created, 0);
  await publishRaw(on.nats.url, `jobs.other.${job.jobId}.created`, JSON.stringify({ ...created, jobType: 'other' }));
  const snapshot = await on.log.readJob(job.jobId);
  expect(snapshot).toMatchObject({ sequence, job: { type: job.jobType } });
  await on.log.append(job.start(), snapshot?.sequence ?? 0);
});

describe('an event of a newer release', () => {
  test('is counted and passed by', async () => {
    const job = retriedJob();
    const [first, ...rest] = job.events;
    let sequence = await on.log.append(first as JobEvent, 0);
    const news = { v: 1, event: 'JobPaused', jobId: job.jobId, jobType: 'email', version: 2 };
    const subject = `jobs.email.${job.jobId}.paused`;
    sequence = await publishRaw(
      on.nats.url,
      subject,
      JSON.stringify(news),
      expecting(sequence, `jobs.email.${job.jobId}.>`),
    );
    for (const event of rest) sequence = await on.log.append({ ...event, version: event.version + 1 }, sequence);
    const { length } = job.events;
    expect(await on.log.readJob(job.jobId)).toMatchObject({
      sequence,
      job: { status: 'completed', version: length + 1, unreadableEvents: 1 },
    });
    expect((await on.log.readHistory(job.jobId)).map(({ event }) => event.event)).toEqual(
      job.events.map(({ event }) => event),
    );
    expect((await on.log.readWholeHistory(job.jobId))[1]?.event).toMatchObject({
      event: 'UnreadableEvent',
      version: 2,
    });
  });

  test.each([
    { token: 'enlisted', v: 1, event: 'JobEnlisted' },
    { token: 'created', v: 2, event: 'JobCreated' },
  ])('$event $v, with which a job begins, makes it a job that cannot be read', async (first) => {
    const jobId = randomUUID();
    await publishFirst(on.nats.url, { ...first, jobId, jobType: 'email' });
    await expect(on.log.readJob(jobId, 'email')).rejects.toThrow(JobUnreadableError);
    await expect(on.log.readWholeHistory(jobId)).rejects.toThrow(JobUnreadableError);
  });

  test.each([
    ['what the server has not compared', 'JobEnlisted', 'enlisted', (_jobId: string) => undefined],
    ['a name that begins no job', 'JobStarted', 'started', (jobId: string) => expecting(0, `jobs.*.${jobId}.>`)],
  ])('is not taken for a first one by %s', async (_what, event, token, headersOf) => {
    const jobId = randomUUID();
    const news = JSON.stringify({ v: 2, event, jobId, jobType: 'email', version: 1 });
    await publishRaw(on.nats.url, `jobs.email.${jobId}.${token}`, news, headersOf(jobId));
    expect(await on.log.readJob(jobId, 'email')).toBeUndefined();
  });

  test('is ignored unless it says what it follows', async () => {
    const job = new JobScript();
    await on.log.append(job.create(), 0);
    const news = { v: 2, event: 'JobPaused', jobId: job.jobId, jobType: 'email', version: 2 };
    const sequence = await publishRaw(on.nats.url, `jobs.email.${job.jobId}.paused`, JSON.stringify(news));
    const snapshot = await on.log.readJob(job.jobId);
    expect(snapshot).toMatchObject({ sequence, job: { version: 1 } });
    expect(snapshot?.job).not.toHaveProperty('unreadableEvents');
  });
});

describe('with replicas', () => {
  let connection: Connection;
  let replica: LaggingReader;
  let reader: JobReader;

  beforeAll(async () => {
    connection = await Connection.open({ url: on.nats.url, name: 'test' });
    replica = new LaggingReader(connection, 30_000);
    reader = new JobReader({ direct: replica, leader: new LeaderReader(connection), deadlineMs: 30_000 });
  });

  afterAll(() => connection.close());

  test('a requeue that the replica lacks is part of the history', async () => {
    const job = new JobScript();
    const [created, started, failed] = [job.create({ maxAttempts: 1 }), job.start(), job.fail()];
    let sequence = 0;
    for (const event of [created, started, failed]) sequence = await on.log.append(event, sequence);
    replica.horizon = sequence;
    const requeued = await on.log.append(job.next({ kind: 'RequeueJob' }), sequence);
    expect(await reader.job(job.jobId, job.jobType)).toMatchObject({ sequence: requeued, job: { status: 'pending' } });
  });

  test.each([
    ['nothing', 0],
    ['only the beginning', 3],
  ])('the history is complete when the replica has %s of it', async (_name, count) => {
    const job = retriedJob();
    const last = await appendAll(job);
    replica.horizon = last - job.events.length + count;
    expect((await reader.history(job.jobId)).map(({ event }) => event)).toEqual(job.events);
  });

  test('the history is complete when the replica has only the beginning of it, also beside a message of a stranger', async () => {
    const job = retriedJob();
    const [created, ...rest] = job.events;
    const first = await on.log.append(created as JobEvent, 0);
    let sequence = await publishRaw(on.nats.url, `jobs.${job.jobType}.${job.jobId}.progressed`, 'junk');
    for (const event of rest) sequence = await on.log.append(event, sequence);
    replica.horizon = first + 3;
    expect((await reader.history(job.jobId)).map(({ event }) => event)).toEqual(job.events);
    expect(await reader.job(job.jobId)).toMatchObject({ sequence });
  });

  test('an unknown job is undefined', async () => {
    expect(await reader.job(randomUUID())).toBeUndefined();
  });
});

test('rejects while the server does not answer, instead of returning an empty history', async () => {
  await using frozen = await startNats();
  await using other = await openEventLog({ url: frozen.url, deadlineMs: 300 });
  await frozen.pause();
  await expect(other.readJob(randomUUID())).rejects.toThrow(LogUnavailableError);
  await frozen.resume();
});
