import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, EventLog } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { eventually, newJob, startNats, type TestNats } from '@jobstream/testing';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { Keeper, type KeeperOptions } from './keeper.ts';

const logger = createLogger({ service: 'projector', level: 'silent' });
const MAX_AGE_MS = 1_000;
const patience = { timeoutMs: 40_000 };
const unguarded = { keptElsewhere: () => Promise.resolve(Infinity), mayCarry: () => Promise.resolve(true) };

let nats: TestNats;
let eventLog: EventLog;

beforeEach(async () => {
  nats = await startNats();
  eventLog = new EventLog({ url: nats.url, name: 'test', maxAgeMs: MAX_AGE_MS, deadlineMs: 30_000 });
  await eventLog.start();
});

afterEach(async () => {
  await eventLog.stop();
  await nats[Symbol.asyncDispose]();
});

async function startKeeper(change: Partial<KeeperOptions> = {}): Promise<Keeper> {
  const options = { eventLog, maxAgeMs: MAX_AGE_MS, ...unguarded, intervalMs: 50, logger };
  const keeper = new Keeper({ ...options, ...change });
  onTestFinished(() => keeper.stop());
  await keeper.start();
  return keeper;
}

async function create(jobType: string, data: object = {}): Promise<string> {
  const event = newJob(undefined, jobType);
  await eventLog.append({ ...event, data: { ...event.data, ...data } } as JobEvent, 0);
  return event.jobId;
}

/** Resolves when the log begins behind the message that is its last one now, which must reach its age first. */
async function purgedUpTo(sequence: number): Promise<void> {
  await eventually(async () => expect((await eventLog.messages.span()).first).toBeGreaterThan(sequence), patience);
}

async function openQueue(jobType: string): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  const onDelivery = async (delivery: Delivery) => void deliveries.push(delivery);
  await eventLog.openQueue({ jobType, concurrency: 10, ackWaitMs: 30_000, onDelivery });
  return deliveries;
}

test('a job that no worker took is carried before the log loses its creation, and is delivered by a timer', async () => {
  const jobId = await create('waiting', { idempotencyKey: 'key' });
  const before = await eventLog.readJob(jobId);
  const created = await eventLog.lastSequence();
  await startKeeper();
  await purgedUpTo(created);
  const after = await eventLog.readJob(jobId);
  expect(after?.job).toEqual({ ...before?.job, version: after?.job.version });
  const history = await eventLog.readHistory(jobId);
  expect(new Set(history.map(({ event }) => event.event))).toEqual(new Set(['JobCarried']));
  const deliveries = await openQueue('waiting');
  await eventually(() => expect(deliveries.map((one) => one.jobId)).toEqual([jobId]), patience);
  expect(deliveries[0]?.causationId).toMatch(/^timer:/);
  const again = { ...newJob(undefined, 'waiting'), jobId };
  const keyed = { ...again, data: { ...again.data, idempotencyKey: 'key' } } as JobEvent;
  await expect(eventLog.append(keyed, 0)).rejects.toThrow(ConcurrentAppendError);
}, 60_000);
