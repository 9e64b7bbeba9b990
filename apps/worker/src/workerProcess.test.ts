import { freePort } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { holdWork } from '../testing/startReceiver.ts';
import { TestLog } from '@jobstream/worker/testing/testLog';
import { workerProcesses } from '../testing/workerProcesses.ts';

const OVERTAKEN = 'attempt overtaken: the job has moved on, the outcome is discarded';
const faultyScript = './faultyWorker.ts';

const settings = { LOG_LEVEL: 'debug', ACK_WAIT_MS: '1000', SHUTDOWN_GRACE_MS: '0', WEBHOOK_ALLOW_PRIVATE: 'true' };
const open = workerProcesses(TestLog, settings);

test.concurrent(
  'the shipped worker says that it is ready, and runs an e-mail job that names only a recipient',
  async () => {
    await using processes = await open();
    const { log, startWorker } = processes;
    const port = await freePort();
    await startWorker({ HEALTH_PORT: String(port) });
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
    expect(await response.json()).toEqual({ status: 'ready', parts: { start: 'up', log: 'up', clock: 'up' } });
    const { jobId } = await log.create('email', { payload: { to: 'user@example.com' } });
    expect(await log.storyUntil(jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
  },
);

test.concurrent('when a worker is killed, another one completes its job as the next attempt', async () => {
  await using processes = await open();
  const { log, startWorker } = processes;
  await using work = await holdWork();
  const workers = [await startWorker(), await startWorker()];
  const { jobId } = await log.create('webhook', { payload: work.payload });
  const holder = await Promise.any(workers.map((worker) => worker.logged('started').then(() => worker)));
  holder.kill('SIGKILL');
  work.letGo(2);
  expect(await log.storyUntil(jobId, 'completed')).toEqual([
    'JobCreated',
    'JobStarted 1',
    'JobStarted 2',
    'JobCompleted 2',
  ]);
});

test.concurrent(
  'a worker that was frozen while its job was taken over leaves the job and the message to its new holder',
  async () => {
    await using processes = await open();
    const { log, startWorker } = processes;
    await using work = await holdWork();
    const env = { ACK_WAIT_MS: '3000' };
    const frozen = await startWorker(env);
    const { jobId } = await log.create('webhook', { payload: work.payload });
    await frozen.logged('started');
    frozen.kill('SIGSTOP');
    const second = await startWorker(env);
    await second.logged('started');
    frozen.kill('SIGCONT');
    work.letGo(1);
    await frozen.logged(OVERTAKEN);
    frozen.kill('SIGKILL');
    // Had the frozen worker acknowledged the message, it would not be redelivered after the death of this one.
    second.kill('SIGKILL');
    work.letGo(3);
    await startWorker(env);
    const story = await log.storyUntil(jobId, 'completed');
    expect(story).toEqual(['JobCreated', 'JobStarted 1', 'JobStarted 2', 'JobStarted 3', 'JobCompleted 3']);
  },
);

test.concurrent(
  'a worker that was frozen for three ack waits, until another had completed its job, changes nothing and logs it',
  async () => {
    await using processes = await open();
    const { log, startWorker } = processes;
    await using work = await holdWork();
    const frozen = await startWorker();
    const { jobId } = await log.create('webhook', { payload: work.payload });
    await frozen.logged('started');
    frozen.kill('SIGSTOP');
    work.letGo(2);
    const second = await startWorker({ WORKER_CONCURRENCY: '2' });
    const story = await log.storyUntil(jobId, 'completed');
    // A job that takes three ack waits measures the time; it begins when the worker is frozen already.
    const clock = await log.create('sleep', { payload: { durationMs: 3_000 } });
    await log.until(clock.jobId, 'completed');
    frozen.kill('SIGCONT');
    work.letGo(1);
    await frozen.logged(OVERTAKEN);
    const history = await log.history(jobId);
    expect(history).toHaveLength(story.length);
    const results = history.filter(({ event }) => event === 'JobCompleted' || event === 'JobFailed');
    expect(results).toMatchObject([{ event: 'JobCompleted', data: { attempt: 2, result: { status: 200 } } }]);
    expect(second.lines.filter(({ msg }) => msg === OVERTAKEN)).toEqual([]);
  },
);

test.concurrent('SIGTERM releases a running job, which burns no attempt, and the process exits with 0', async () => {
  await using processes = await open();
  const { log, startWorker } = processes;
  await using work = await holdWork();
  const first = await startWorker({ ACK_WAIT_MS: '600000' });
  const { jobId } = await log.create('webhook', { payload: work.payload, maxAttempts: 1 });
  await first.logged('started');
  first.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobReleased 1']);
  work.letGo(1);
  await startWorker({ ACK_WAIT_MS: '600000' });
  const story = await log.storyUntil(jobId, 'completed');
  expect(story.at(-1)).toBe('JobCompleted 1');
});

test.concurrent('a handler that ignores its signal and keeps timers does not hold the process', async () => {
  await using processes = await open();
  const { log, startWorker } = processes;
  const worker = await startWorker({}, faultyScript);
  const { jobId } = await log.create('stubborn');
  await worker.logged('started');
  worker.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobReleased 1']);
});

test.concurrent('a job that kills its worker each time fails when its attempts are used up', async () => {
  await using processes = await open();
  const { log, spawn, startWorker } = processes;
  const { jobId } = await log.create('poison', { maxAttempts: 2 });
  for (let start = 1; start <= 2; start += 1) {
    expect(await spawn({}, faultyScript).ended).toBe('SIGKILL');
  }
  const survivor = await startWorker({}, faultyScript);
  expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobStarted 2', 'JobFailed 2']);
  expect((await log.history(jobId)).at(-1)?.data).toMatchObject({ reason: 'worker-lost' });
  await survivor.logged('failed: its workers were lost');
});

test.concurrent(
  'an unknown job type in WORKER_TYPES is reported in one sentence, and the process exits with an error',
  async () => {
    await using processes = await open();
    const { spawn } = processes;
    const worker = spawn({ WORKER_TYPES: 'email,fax' });
    expect(await worker.ended).not.toBe(0);
    await worker.logged('expected WORKER_TYPES to name one or more of email, sleep, webhook, got: fax');
  },
);
