import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { sharedServer } from '../testing/startTestWorker.ts';

const { log, startWorker } = await sharedServer();

test('steps that end while one is being recorded share the next event, and the completion comes behind them', async () => {
  await using worker = await startWorker(async ({ step }) => {
    const keys = Array.from({ length: 20 }, (_, key) => key);
    const results = await Promise.all(keys.map((key) => step('send', { key }, () => key)));
    return results.length;
  });
  const { jobId } = await log.create(worker.type);
  await log.until(jobId, 'completed');
  const history = await log.history(jobId);
  expect(history.at(-1)).toMatchObject({ event: 'JobCompleted', data: { result: 20 } });
  const recorded = history.flatMap((event) => (event.event === 'JobStepsRecorded' ? [event.data] : []));
  expect(recorded.length).toBeLessThan(20);
  expect(recorded.flatMap(({ steps }) => steps)).toHaveLength(20);
});

test('a run that was overtaken cannot record a step', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const outcome = Promise.withResolvers<unknown>();
  await using worker = await startWorker(({ step }) => {
    const running = step('charge', () => promise);
    running.then(outcome.resolve, outcome.resolve);
    return running;
  });
  const { jobId } = await log.create(worker.type);
  await log.until(jobId, 'processing');
  await log.act(jobId, { kind: 'TakeOverAttempt', attempt: 1, worker: 'another' });
  resolve('paid');
  expect(await outcome.promise).toMatchObject({ code: 'ATTEMPT_OVERTAKEN' });
  await eventually(() => expect(worker.lines.join()).toMatch(/overtaken|conflict|moved on/));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobStarted 2']);
});

test('an attempt records its steps also behind the event with which its job was carried', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using worker = await startWorker(async ({ step }) => {
    await step('first', () => 1);
    await promise;
    return step('second', () => 2);
  });
  const { jobId } = await log.create(worker.type);
  await eventually(async () => expect(await log.story(jobId)).toContain('JobStepsRecorded 1'));
  const { steps = [] } = (await log.eventLog.readJob(jobId)) ?? {};
  await log.act(jobId, { kind: 'CarryJob', keepsCause: true, steps });
  resolve();
  await log.until(jobId, 'completed');
  const { job, steps: all } = (await log.eventLog.readJob(jobId)) ?? {};
  expect(job).toMatchObject({ result: 2, stepsRecorded: 2 });
  expect(all).toMatchObject([{ name: 'first' }, { name: 'second' }]);
});

test('while a process lives that would lose steps, none is run, and the attempt fails with a sentence that says so', async () => {
  let looks = 0;
  const whyNotYet = () => Promise.resolve(++looks > 1 ? undefined : 'processes of an earlier release live, old-1');
  let runs = 0;
  await using worker = await startWorker(({ step }) => step('charge', () => ++runs), { whyNotYet });
  const { jobId } = await log.create(worker.type);
  await log.until(jobId, 'completed');
  expect([looks, runs]).toEqual([2, 1]);
  expect(worker.lines.join()).toContain('the first step waits');
});

test('an attempt whose worker stops records the steps that have ended before it releases the job', async () => {
  const begun = Promise.withResolvers<void>();
  await using worker = await startWorker(async ({ step, signal }) => {
    await step('charge', () => 'paid');
    begun.resolve();
    await new Promise((_, reject) => signal.addEventListener('abort', reject, { once: true }));
  });
  const { jobId } = await log.create(worker.type);
  await begun.promise;
  await worker.stop();
  const story = await log.storyUntil(jobId, 'pending');
  expect(story).toEqual(['JobCreated', 'JobStarted 1', 'JobStepsRecorded 1', 'JobReleased 1']);
});
