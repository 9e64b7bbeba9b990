import { randomBytes, randomUUID } from 'node:crypto';
import { type JobEvent } from '@jobstream/domain';
import { startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConcurrentAppendError, LogUnavailableError } from '../errors.ts';
import { EventLog } from '../eventLog.ts';
import type { MasterKey } from './jobKeys.ts';
import { isShredded, isUnreadable } from './sealedEvent.ts';

let nats: TestNats;
const opened: EventLog[] = [];

beforeAll(async () => {
  nats = await startNats();
});

afterAll(async () => {
  await Promise.all(opened.map((log) => log.stop()));
  await nats?.[Symbol.asyncDispose]();
});

const masterKey = (id: string): MasterKey => ({ id, secret: randomBytes(32) });
const first = masterKey('first');

async function openLog(...masterKeys: MasterKey[]): Promise<EventLog> {
  const log = new EventLog({ url: nats.url, name: 'test', masterKeys });
  await log.start();
  opened.push(log);
  return log;
}

const SECRET = 'the-secret-of-the-payload';
const actor = { kind: 'user', id: 'test' } as const;

function eventsOf(jobId: string): readonly [JobEvent, ...JobEvent[]] {
  const at = new Date().toISOString();
  const backoff = { type: 'fixed', delayMs: 1 } as const;
  const created = { payload: { a: SECRET }, maxAttempts: 3, backoff, timeoutMs: 1_000, tags: [], fingerprint: SECRET };
  const error = { name: 'Error', code: 'X', message: SECRET, stack: SECRET };
  const bodies = [
    { event: 'JobCreated', data: created },
    { event: 'JobStarted', data: { attempt: 1, worker: 'w' } },
    { event: 'JobProgressed', data: { attempt: 1, percent: 1, message: SECRET } },
    { event: 'JobRetryScheduled', data: { attempt: 1, error, retryAt: at, durationMs: 1 } },
    { event: 'JobStarted', data: { attempt: 2, worker: 'w' } },
    { event: 'JobCompleted', data: { attempt: 2, result: [SECRET], durationMs: 1 } },
  ];
  const events = bodies.map(({ event, data }, index) => {
    return { v: 1, jobId, jobType: 'email', at, actor, id: randomUUID(), version: index + 1, event, data };
  });
  return events as unknown as [JobEvent, ...JobEvent[]];
}

test('results and errors of steps are encrypted, in their event and where the job is carried with them', async () => {
  const log = await openLog(first);
  const jobId = randomUUID();
  const [created, started = created] = eventsOf(jobId);
  const error = { name: 'Error', code: 'X', message: SECRET, stack: SECRET };
  const steps = [
    { name: 'charge', result: { a: SECRET }, durationMs: 1 },
    { name: 'send', key: 'b', error, durationMs: 2 },
    { name: 'none', durationMs: 3 },
  ];
  const recorded = { ...started, id: randomUUID(), version: 3, event: 'JobStepsRecorded' };
  const events = [created, started, { ...recorded, data: { attempt: 1, from: 0, steps } } as unknown as JobEvent];
  let sequence = 0;
  for (const event of events) sequence = await log.append(event, sequence);
  const state = { status: 'processing', attempt: 1, createdAt: created.at, updatedAt: created.at, stepsRecorded: 3 };
  const carriedSteps = steps.map((step) => Object.assign({ attempt: 1, at: created.at }, step));
  const carried = {
    ...recorded,
    id: randomUUID(),
    version: 4,
    event: 'JobCarriedWithSteps',
    data: { ...created.data, ...state, steps: carriedSteps },
  } as unknown as JobEvent;
  await log.append(carried, sequence);
  const asStored = await log.readStoredHistory(jobId);
  expect(asStored).toHaveLength(4);
  expect(JSON.stringify(asStored)).not.toContain(SECRET);
  expect((await log.readJob(jobId))?.steps).toMatchObject(steps);
  expect((await log.readHistory(jobId)).at(2)?.event).toMatchObject({ data: { steps } });
  expect((await log.readHistory(jobId)).at(3)?.event).toMatchObject({ data: { steps } });
  expect(await log.contents.shred(jobId)).toBe(true);
  const [charged, sent] = (await log.readJob(jobId))?.steps ?? [];
  expect(isShredded(charged?.result)).toBe(true);
  expect(sent?.error).toMatchObject({ name: 'Error', message: 'shredded' });
});

async function appendLife(log: EventLog, jobId: string = randomUUID()): Promise<readonly JobEvent[]> {
  const events = eventsOf(jobId);
  let sequence = 0;
  for (const event of events) sequence = await log.append(event, sequence);
  return events;
}

/** The bodies in the log as the server keeps them. */
async function stored(log: EventLog): Promise<string> {
  const messages = await log.messages.from(1, { count: 1_000 });
  return messages.map(({ body }) => Buffer.from(body).toString()).join('\n');
}

test('contents are read as they were appended, and not stored in clear', async () => {
  const log = await openLog(first);
  const events = await appendLife(log);
  const jobId = events[0]?.jobId ?? '';
  expect((await log.readHistory(jobId)).map(({ event }) => event)).toEqual(events);
  expect((await log.readJob(jobId))?.job).toMatchObject({
    payload: { a: SECRET },
    result: [SECRET],
    fingerprint: SECRET,
  });
  expect(await stored(log)).toContain(jobId);
  expect(await stored(log)).not.toContain(SECRET);
});

test('jobs of a batch are sealed as well', async () => {
  const log = await openLog(first);
  const events = [randomUUID(), randomUUID()].map((jobId) => eventsOf(jobId)[0]);
  await log.appendAll(events);
  for (const { jobId } of events) expect((await log.readJob(jobId))?.job.payload).toEqual({ a: SECRET });
  expect(await stored(log)).not.toContain(SECRET);
});

test('shredding makes the contents of a job unreadable for every process, and keeps its history', async () => {
  const [log, other] = [await openLog(first), await openLog(first)];
  const events = await appendLife(log);
  const jobId = events[0]?.jobId ?? '';
  expect(await log.contents.shred(jobId)).toBe(true);
  for (const reader of [log, other]) {
    const history = await reader.readHistory(jobId);
    expect(history.map(({ event }) => event.event)).toEqual(events.map(({ event }) => event));
    expect(JSON.stringify(history)).not.toContain(SECRET);
    const { job } = (await reader.readJob(jobId)) ?? {};
    expect(job).toMatchObject({ status: 'completed', payload: { shredded: true }, result: { shredded: true } });
    expect(isShredded(job?.payload)).toBe(true);
  }
  expect(await log.contents.shred(jobId)).toBe(true);
});

test('contents of events after the shredding are unreadable as well', async () => {
  const log = await openLog(first);
  const jobId = randomUUID();
  const [created, started, progressed] = eventsOf(jobId);
  const sequence = await log.append(created, 0);
  await log.contents.shred(jobId);
  await log.append(progressed ?? created, await log.append(started ?? created, sequence));
  expect((await log.readJob(jobId))?.job.progress).toEqual({ percent: 1, message: 'shredded' });
});

test('an older master key opens what it sealed, and without it contents are unreadable', async () => {
  const [old, young] = [masterKey('old'), masterKey('young')];
  const jobId = (await appendLife(await openLog(old)))[0]?.jobId ?? '';
  expect((await (await openLog(young, old)).readJob(jobId))?.job.payload).toEqual({ a: SECRET });
  const payload = (await (await openLog(young)).readJob(jobId))?.job.payload;
  expect(isUnreadable(payload)).toBe(true);
  expect(isUnreadable((await (await openLog()).readJob(jobId))?.job.payload)).toBe(true);
});

test('a payload or result is refused while the key of its job is locked, since the key may become available again', async () => {
  const [old, young] = [masterKey('old'), masterKey('young')];
  const [before, ahead, plain] = [await openLog(old), await openLog(young, old), await openLog()];
  const jobId = randomUUID();
  const [created, started, progressed, , , completed] = eventsOf(jobId);
  // The key is stored but the creation is not, as when a process dies between the two.
  await expect(ahead.append(created, 1)).rejects.toThrow(ConcurrentAppendError);
  await expect(before.append(created, 0)).rejects.toThrow(LogUnavailableError);
  await expect(before.appendAll([created])).rejects.toThrow(LogUnavailableError);
  const sequence = await plain.append(started ?? created, await plain.append(created, 0));
  await expect(before.append(completed ?? created, sequence)).rejects.toThrow('not in PAYLOAD_KEYS');
  const carried = { ...created, event: 'JobCarried', version: 3, data: { payload: SECRET } } as unknown as JobEvent;
  await expect(before.append(carried, sequence)).rejects.toThrow('not in PAYLOAD_KEYS');
  await before.append(progressed ?? created, sequence);
  expect((await before.readHistory(jobId)).map(({ event }) => event.event)).toEqual([
    'JobCreated',
    'JobStarted',
    'JobProgressed',
  ]);
});

test('jobs from before encryption are read as they are, and cannot be shredded', async () => {
  const jobId = (await appendLife(await openLog()))[0]?.jobId ?? '';
  const log = await openLog(first);
  expect((await log.readJob(jobId))?.job.payload).toEqual({ a: SECRET });
  expect(await log.contents.shred(jobId)).toBe(false);
});

test('sealed contents that were copied into another job are not opened', async () => {
  const [log, plain] = [await openLog(first), await openLog()];
  const [created] = eventsOf(randomUUID());
  await log.append(created, 0);
  const body = JSON.parse((await stored(log)).split('\n').at(-1) ?? '') as { data: { payload: unknown } };
  const [copy] = eventsOf(randomUUID());
  const { payload } = body.data;
  await plain.append({ ...copy, data: { ...copy.data, payload } } as JobEvent, 0);
  expect((await log.readJob(copy.jobId))?.job.payload).toEqual(payload);
});

test('two concurrent creations of a job leave one key, which opens the stored creation', async () => {
  const [log, other] = [await openLog(first), await openLog(first)];
  const jobId = randomUUID();
  const results = await Promise.allSettled([log, other].map((one) => one.append(eventsOf(jobId)[0], 0)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect((await log.readJob(jobId))?.job.payload).toEqual({ a: SECRET });
});
