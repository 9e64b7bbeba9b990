import { systemTimers } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { sharedServer } from '../testing/startTestWorker.ts';
import type { JobContext } from './index.ts';

const { log, startWorker } = await sharedServer();
const WAITS = ['JobCreated', 'JobStarted 1', 'JobStepsRecorded 1', 'JobSuspended 1'];

/** Sleeps longer than a slot of these tests is kept for. */
const nap = ({ sleep }: JobContext) => sleep('nap', 1_200);
const slotWaitMs = 100;

test('a sleep gives slot and message back, and the attempt goes on when it is over, by another run', async () => {
  const runs: string[] = [];
  await using worker = await startWorker(
    async (ctx) => {
      runs.push(ctx.runId);
      await nap(ctx);
      return ctx.attempt;
    },
    { slotWaitMs, concurrency: 1 },
  );
  const { jobId } = await log.create(worker.type, { maxAttempts: 1 });
  const other = await log.create(worker.type);
  await log.until(other.jobId, 'completed');
  await log.until(jobId, 'completed');
  expect(await log.story(jobId)).toEqual([...WAITS, 'JobResumed 1', 'JobCompleted 1']);
  const history = await log.history(jobId);
  const [until = ''] = history.flatMap((event) => (event.event === 'JobSuspended' ? [event.data.until] : []));
  const resumed = history.find(({ event }) => event === 'JobResumed');
  expect(Date.parse(resumed?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(until));
  expect(new Set(runs).size).toBe(runs.length);
  expect(runs).toContain(resumed?.id);
});

test('a call for a job that waits sets its timer again, and starts nothing', async () => {
  await using worker = await startWorker(({ sleep }) => sleep('nap', '3d'), { slotWaitMs });
  const { jobId } = await log.create(worker.type);
  await log.until(jobId, 'waiting');
  await log.eventLog.scheduleWake({ jobId, jobType: worker.type, at: new Date(0).toISOString() });
  await eventually(() => expect(worker.lines).toContainEqual(expect.stringMatching(/^the job is not due before/)));
  expect(await log.story(jobId)).toEqual(WAITS);
});

test('the time-out counts what the attempt ran before its sleep, and not the sleep', async () => {
  const deadlines: number[] = [];
  const setTimeout = (work: () => void, ms: number) => {
    deadlines.push(ms);
    return systemTimers.setTimeout(work, ms);
  };
  await using worker = await startWorker(
    async ({ sleep, signal, step }) => {
      await step('work', () => new Promise<void>((resolve) => void systemTimers.setTimeout(resolve, 400)));
      await sleep('nap', 1_200);
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    },
    { slotWaitMs, timers: { ...systemTimers, setTimeout } },
  );
  const { jobId } = await log.create(worker.type, { maxAttempts: 1, timeoutMs: 1_000 });
  await log.until(jobId, 'failed');
  const { job } = (await log.eventLog.readJob(jobId)) ?? {};
  expect(job).toMatchObject({ error: { code: 'ATTEMPT_TIMEOUT' } });
  const story = await log.story(jobId);
  expect(story.slice(-3)).toEqual(['JobSuspended 1', 'JobResumed 1', 'JobFailed 1']);
  const history = await log.history(jobId);
  const [ranMs = 0] = history.flatMap((event) => (event.event === 'JobSuspended' ? [event.data.ranMs] : []));
  expect(ranMs).toBeGreaterThanOrEqual(390);
  expect(deadlines).toContain(1_000 - ranMs);
  const failed = history.flatMap((event) => (event.event === 'JobFailed' ? [event.data.durationMs] : []));
  expect(failed[0]).toBeGreaterThanOrEqual(990);
});

test('while a process lives that would not understand it, no attempt waits', async () => {
  const asked: number[] = [];
  const whyNotYet = (protocol: number) => {
    asked.push(protocol);
    return Promise.resolve(protocol < 7 || asked.filter((one) => one === 7).length > 1 ? undefined : 'old-1 lives');
  };
  await using worker = await startWorker(nap, { slotWaitMs, whyNotYet });
  const { jobId } = await log.create(worker.type);
  await log.until(jobId, 'completed');
  expect(asked).toEqual([6, 7, 7, ...asked.slice(3)]);
  expect(worker.lines.join()).toContain("the sleep 'nap' waits: it could not be recorded yet");
});

test('a job that is cancelled while its attempt ends for a sleep stays cancelled', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using worker = await startWorker(
    async ({ sleep }) => {
      try {
        await sleep('nap', '3d');
      } finally {
        await promise;
      }
    },
    { slotWaitMs },
  );
  const { jobId } = await log.create(worker.type);
  await eventually(async () => expect(await log.story(jobId)).toContain('JobStepsRecorded 1'));
  await log.act(jobId, { kind: 'CancelJob' });
  resolve();
  await eventually(() => expect(worker.lines.join()).toMatch(/cancelled|overtaken/));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobStepsRecorded 1', 'JobCancelled']);
});
