import type { JobEvent } from '@jobstream/domain';
import { eventually, startNats } from '@jobstream/testing';
import { Schema } from 'effect';
import { expect, test } from 'vitest';
import { defineHandler } from './handler/defineHandler.ts';
import { startTestWorker } from '../testing/startTestWorker.ts';
import { TestLog } from '../testing/testLog.ts';

const JOBS = 1_000;
const LEAD_MS = 6_000;

test('of a thousand jobs delayed to the same second none runs before it, and each runs once', async () => {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url);
  const ranAt = new Map<string, number[]>();
  const note = (jobId: string) => ranAt.set(jobId, [...(ranAt.get(jobId) ?? []), Date.now()]);
  const run = (_payload: unknown, { job }: { job: { id: string } }) => void note(job.id);
  const handler = defineHandler({ type: 'due', payload: Schema.Unknown, run });
  const options = { natsUrl: nats.url, concurrency: 50, ackWaitMs: 30_000 };
  await using _one = await startTestWorker([handler], options);
  await using _other = await startTestWorker([handler], options);
  const due = Math.ceil((Date.now() + LEAD_MS) / 1_000) * 1_000;
  const create = () => log.create('due', { runAt: new Date(due).toISOString() });
  const created: readonly JobEvent[] = await Promise.all(Array.from({ length: JOBS }, create));
  await eventually(() => expect(ranAt.size).toBe(JOBS), { timeoutMs: 60_000 });
  expect([...ranAt.keys()].toSorted()).toEqual(created.map(({ jobId }) => jobId).toSorted());
  expect([...ranAt.values()].flat().filter((at) => at < due)).toEqual([]);
  for (const { jobId } of created) {
    expect(await log.storyUntil(jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
  }
}, 120_000);
