import { randomUUID } from 'node:crypto';
import { encodeJobEvent, type JobEvent } from '@jobstream/domain';
import { startNats } from '@jobstream/test-support';
import { expect, onTestFinished, test, vi } from 'vitest';
import { JobScript } from '../../testing/jobScript.ts';
import { openEventLog } from '../../testing/openEventLog.ts';
import { ConcurrentAppendError, HistoryIncompleteError } from '../errors.ts';
import type { StoredBytes } from './directReader.ts';
import { ExpiredEvents, type LogArchive } from './expiredEvents.ts';
import type { ExpiryRule } from '../streams/streams.ts';
import { eventSubject } from '../streams/jobSubjects.ts';

const HOUR_MS = 3_600_000;
const AGED = { kind: 'aged', maxAgeMs: HOUR_MS } as const;
const jobId = randomUUID();

function created(idempotencyKey?: string): JobEvent {
  return {
    v: 1,
    event: 'JobCreated',
    id: randomUUID(),
    jobId,
    jobType: 'email',
    version: 1,
    at: new Date().toISOString(),
    actor: { kind: 'user', id: 'test' },
    data: {
      payload: 1,
      maxAttempts: 1,
      backoff: { type: 'fixed', delayMs: 1 },
      timeoutMs: 1,
      tags: [],
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    },
  };
}

const AS_FIRST = { 'Nats-Expected-Last-Subject-Sequence': '0' };

function message(sequence: number, ageMs = 0): StoredBytes {
  const event = created();
  const recordedAt = new Date(Date.now() - ageMs).toISOString();
  return {
    sequence,
    subject: eventSubject(event),
    recordedAt,
    headers: AS_FIRST,
    body: Buffer.from(encodeJobEvent(event)),
  };
}

interface Given {
  readonly first?: number;
  readonly inLog?: readonly StoredBytes[];
  readonly archived?: number;
  readonly known?: number;
  readonly rule?: ExpiryRule;
  /** How far the server's clock is ahead of this machine's. */
  readonly aheadMs?: number;
}

/** A log that has messages from `first` on and an archive of some, as much of it as a process has read. */
function stage({ first = 5, inLog = [], archived = 4, known = archived, rule = AGED, aheadMs = 0 }: Given = {}) {
  const log = { refreshed: 0, first, inLog, archived, aheadMs };
  const messages = [message(2)];
  const span = { first: 1, last: known };
  const archive: LogArchive = {
    span,
    refresh: async () => {
      log.refreshed++;
      span.last = log.archived;
      return span;
    },
    messagesOf: async (id) => (span.last >= 2 && id === jobId ? messages : []),
    async *messagesAfter() {
      yield messages;
    },
  };
  const source = {
    span: async () => ({ first: log.first, last: Math.max(log.first - 1, inLog.at(-1)?.sequence ?? 0) }),
    from: async (sequence: number) => inLog.filter((one) => one.sequence >= sequence),
  };
  return {
    log,
    expired: new ExpiredEvents({ archive, messages: source, rule, clock: { now: () => Date.now() + log.aheadMs } }),
  };
}

test('expired events are read from the archive', async () => {
  const { expired } = stage();
  const events = await expired.eventsBefore(Infinity, jobId);
  expect(events.map(({ sequence }) => sequence)).toEqual([2]);
  expect(await expired.eventsBefore(2, jobId)).toEqual([]);
});

test('an archive that is not known far enough is refreshed first', async () => {
  const { expired, log } = stage({ known: 1 });
  expect(await expired.eventsBefore(Infinity, jobId)).toHaveLength(1);
  expect(log.refreshed).toBe(1);
});

test('every method rejects when messages are neither in the log nor in the archive', async () => {
  const { expired } = stage({ first: 9, archived: 4 });
  await expect(expired.eventsBefore(Infinity, jobId)).rejects.toThrow(HistoryIncompleteError);
  await expect(expired.messagesAfter(0).next()).rejects.toThrow('messages 5 to 8');
  await expect(expired.assertNew([created('key')])).rejects.toThrow(HistoryIncompleteError);
});

test('a complete log needs no archive', async () => {
  const { expired, log } = stage({ first: 1, archived: 0 });
  expect(await expired.eventsBefore(Infinity, jobId)).toEqual([]);
  expect((await expired.messagesAfter(0).next()).done).toBe(true);
  expect(log.refreshed).toBe(0);
});

test('a creation under a key is refused exactly when the job is in the archive', async () => {
  const { expired } = stage();
  await expect(expired.assertNew([created('key')])).rejects.toThrow(ConcurrentAppendError);
  await expect(expired.assertNew([created()])).resolves.toBeUndefined();
  await expect(expired.assertNew([{ ...created('other'), jobId: randomUUID() }])).resolves.toBeUndefined();
});

test('a creation is refused while a message outside the archive may expire before it arrives', async () => {
  const other = { ...created('other'), jobId: randomUUID() };
  const { expired, log } = stage({ inLog: [message(5, HOUR_MS - 30_000)] });
  await expect(expired.assertNew([other])).rejects.toThrow(HistoryIncompleteError);
  log.archived = 5;
  await expect(expired.assertNew([other])).resolves.toBeUndefined();
});

test('the archive is not refreshed as long as nothing can have expired since', async () => {
  const { expired, log } = stage({ inLog: [message(5)] });
  for (let round = 0; round < 3; round++) await expired.assertNew([{ ...created('other'), jobId: randomUUID() }]);
  expect(log.refreshed).toBe(1);
});

test('whether something can have expired since is judged by the clock of the server', async () => {
  const { expired, log } = stage({ first: 1, archived: 0, inLog: [message(5, HOUR_MS / 2)] });
  await expired.assertNew([created('key')]);
  log.aheadMs = HOUR_MS;
  await expect(expired.assertNew([created('key')])).rejects.toThrow(HistoryIncompleteError);
  expect(log.refreshed).toBe(2);
});

test('an archive is not refreshed for five minutes while a keeper purges, whatever the age of messages', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { expired, log } = stage({ inLog: [message(5, HOUR_MS * 10)], rule: { kind: 'purged' } });
  const another = () => expired.assertNew([{ ...created('other'), jobId: randomUUID() }]);
  await another();
  vi.advanceTimersByTime(299_000);
  await another();
  expect(log.refreshed).toBe(1);
  vi.advanceTimersByTime(1_000);
  await another();
  expect(log.refreshed).toBe(2);
});

test('neither alone nor in a batch is a job created whose key the archive has', async () => {
  await using nats = await startNats();
  const span = { first: 1, last: 1 };
  const archive: LogArchive = {
    span,
    refresh: async () => span,
    messagesOf: async (id) => (id === jobId ? [message(1)] : []),
    async *messagesAfter() {
      yield [message(1)];
    },
  };
  await using log = await openEventLog({ url: nats.url, archive });
  await log.append(new JobScript().create(), 0);
  await log.prefix.purgeBefore(2);
  await expect(log.append(created('key'), 0)).rejects.toThrow(ConcurrentAppendError);
  await expect(log.appendAll([new JobScript().create(), created('key')])).rejects.toThrow(ConcurrentAppendError);
  expect(await log.lastSequence()).toBe(1);
});
