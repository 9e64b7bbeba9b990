import { randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { describe, expect, test } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { openBehindProxy } from '../../testing/openBehindProxy.ts';
import { openEventLog, useEventLog } from '../../testing/openEventLog.ts';
import { ConcurrentAppendError } from '../errors.ts';
import type { EventLog } from '../eventLog.ts';

const sent: number[] = [];
const observer = { appended: () => undefined, batchSent: (events: number) => void sent.push(events) };
const stage = useEventLog({ observer });

const newKey = () => randomUUID().replaceAll('-', '');
const newJob = (): JobEvent => new JobScript().create();

/** The subjects and texts of the messages from this sequence on. */
async function messagesFrom(sequence: number, log: EventLog = stage.log) {
  const messages = await log.messages.from(sequence, { count: 10 });
  return messages.map(({ subject }) => subject.split('.').at(subject.startsWith('unique.') ? 0 : -1));
}

describe('an event with a claim', () => {
  test('is stored behind it, and its own sequence is returned', async () => {
    const [event, key] = [newJob(), newKey()];
    const sequence = await stage.log.append(event, 0, { key, after: 0 });
    expect(await messagesFrom(sequence - 1)).toEqual(['unique', 'created']);
    expect(await stage.log.readJob(event.jobId)).toMatchObject({ sequence });
    expect(await stage.log.unique.newest(key)).toEqual({
      jobId: event.jobId,
      jobType: event.jobType,
      sequence: sequence - 1,
    });
  });

  test('is refused with it when the key has another last claim, and when the job has another last event', async () => {
    const key = newKey();
    const sequence = await stage.log.append(newJob(), 0, { key, after: 0 });
    const existing = new JobScript();
    await stage.log.append(existing.create(), 0);
    const before = await stage.log.lastSequence();
    await expect(stage.log.append(newJob(), 0, { key, after: 0 })).rejects.toThrow(ConcurrentAppendError);
    const again = new JobScript({ jobId: existing.jobId }).create();
    await expect(stage.log.append(again, 0, { key, after: sequence - 1 })).rejects.toThrow(ConcurrentAppendError);
    expect(await stage.log.lastSequence()).toBe(before);
    await stage.log.append(newJob(), 0, { key, after: sequence - 1 });
  });

  test('may be any event of a job', async () => {
    const [job, key] = [new JobScript(), newKey()];
    const first = await stage.log.append(job.create(), 0, { key, after: 0 });
    const cancelled = await stage.log.append(job.next({ kind: 'CancelJob' }), first);
    const other = await stage.log.append(newJob(), 0, { key, after: first - 1 });
    const requeued = job.next({ kind: 'RequeueJob' });
    await expect(stage.log.append(requeued, cancelled, { key, after: first - 1 })).rejects.toThrow(
      ConcurrentAppendError,
    );
    const sequence = await stage.log.append(requeued, cancelled, { key, after: other - 1 });
    expect((await stage.log.readJob(job.jobId))?.job.status).toBe('pending');
    expect(await stage.log.unique.newest(key)).toMatchObject({ jobId: job.jobId, sequence: sequence - 1 });
  });

  test('of many at once each is stored with its claim, and of two with one key either', async () => {
    sent.length = 0;
    const keys = Array.from({ length: 200 }, newKey);
    const events = [...keys, ...keys.slice(0, 20)].map((key) => ({ event: newJob(), key }));
    const outcomes = await Promise.allSettled(
      events.map(({ event, key }) => stage.log.append(event, 0, { key, after: 0 })),
    );
    // Those that wait for others are committed together.
    expect(sent.length).toBeLessThan(events.length / 2);
    const stored = events.filter((_one, index) => outcomes[index]?.status === 'fulfilled');
    expect(stored.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    for (const outcome of outcomes.filter(({ status }) => status === 'rejected'))
      expect(outcome).toMatchObject({ reason: expect.any(ConcurrentAppendError) });
    for (const { event, key } of stored) {
      const { sequence = 0 } = (await stage.log.readJob(event.jobId)) ?? {};
      expect(await stage.log.unique.newest(key)).toMatchObject({ jobId: event.jobId, sequence: sequence - 1 });
    }
  });
});

test('events of a batch are stored with the claims that some of them have, or none of them is', async () => {
  const [plain, unique, other] = [newJob(), newJob(), newJob()];
  const [key, second] = [newKey(), newKey()];
  const claims = new Map([
    [unique.jobId, { key, after: 0 }],
    [other.jobId, { key: second, after: 0, until: '2027-01-01T00:00:00.000Z' }],
  ]);
  const first = await stage.log.appendAll([plain, unique, other], claims);
  expect(await messagesFrom(first)).toEqual(['created', 'unique', 'created', 'unique', 'created']);
  expect(await stage.log.unique.newest(second)).toMatchObject({ until: '2027-01-01T00:00:00.000Z' });
  const [one, two] = [newJob(), newJob()];
  const held = new Map([[two.jobId, { key, after: 0 }]]);
  await expect(stage.log.appendAll([one, two], held)).rejects.toThrow(ConcurrentAppendError);
  expect(await stage.log.readJob(one.jobId)).toBeUndefined();
});

test('an event with a claim whose acknowledgement is lost is found to be stored', async () => {
  await using behind = await openBehindProxy();
  const { proxy, log, direct } = behind;
  const [event, key] = [newJob(), newKey()];
  await log.unique.newest(key); // which looks at the stream once
  proxy.pauseDownstream();
  const appending = log.append(event, 0, { key, after: 0 });
  while ((await direct.lastSequence()) < 2);
  await behind.reconnect();
  expect(await appending).toBe(2);
  expect(await direct.lastSequence()).toBe(2);
});

test('behind a claim that a power cut has left alone, an append fails as behind another writer', async () => {
  await using log = await openEventLog({ url: stage.nats.url });
  const [event, key] = [newJob(), newKey()];
  const sequence = await log.append(newJob(), 0, { key, after: 0 });
  const torn = { jobId: event.jobId, jobType: event.jobType, sequence: sequence - 1 };
  await log.unique.renew(key, torn);
  await expect(log.append(event, 0, { key, after: sequence - 1 })).rejects.toThrow(ConcurrentAppendError);
  const claim = await log.unique.newest(key);
  expect(claim?.jobId).toBe(event.jobId);
  await log.append(event, 0, { key, after: claim?.sequence ?? 0 });
});
