import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { eventually } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { holdWork } from '../testing/startReceiver.ts';
import { TestLog } from '@jobstream/worker/testing/testLog';
import { workerProcesses } from '../testing/workerProcesses.ts';

const settings = { LOG_LEVEL: 'info', WORKER_TYPES: 'sleep', WORKER_CONCURRENCY: '200' };
const open = workerProcesses(TestLog, settings);

test.concurrent(
  'SIGTERM during 200 running jobs releases them all, and all complete elsewhere as their first attempt',
  async () => {
    await using processes = await open();
    const { log, startWorker } = processes;
    await using work = await holdWork();
    const env = { WORKER_TYPES: 'webhook', WEBHOOK_ALLOW_PRIVATE: 'true', ACK_WAIT_MS: '600000' };
    const first = await startWorker({ ...env, SHUTDOWN_GRACE_MS: '1000' });
    const jobs = await log.createMany(200, 'webhook', { payload: work.payload });
    await log.untilAll(jobs, 'processing');
    first.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    work.letGo(1);
    await startWorker(env);
    await log.untilAll(jobs, 'completed');
    const stories = await log.stories();
    const wanted = ['JobCreated', 'JobStarted 1', 'JobReleased 1', 'JobStarted 1', 'JobCompleted 1'];
    for (const { jobId } of jobs) expect(stories.get(jobId)).toEqual(wanted);
  },
);

/** A slow machine also releases jobs that find no slot soon after their claim: those have not run. */
const hadNoSlot = ({ data }: JobEvent) => 'reason' in data && data.reason === 'no slot to run in became free';

test.concurrent(
  'a rolling restart under load fails no job, and what finishes within the grace time runs once',
  async () => {
    await using processes = await open();
    const { log, startWorker } = processes;
    const env = { SHUTDOWN_GRACE_MS: '20000', WORKER_CONCURRENCY: '10', ACK_WAIT_MS: '600000' };
    let workers = [await startWorker(env), await startWorker(env)];
    const load = startLoad(log);
    for (let replaced = 0; replaced < 2; replaced += 1) {
      const [oldest, other] = workers;
      if (oldest === undefined || other === undefined) throw new Error('two workers run');
      await load.grownBy(100);
      const successor = await startWorker(env);
      oldest.kill('SIGTERM');
      expect(await oldest.ended).toBe(0);
      workers = [other, successor];
    }
    const jobs = await load.stop();
    await log.untilAll(jobs, 'completed');
    const histories = await log.histories();
    for (const { jobId } of jobs) {
      const history = histories.get(jobId) ?? [];
      const countOf = (name: string) => history.filter(({ event }) => event === name).length;
      const unrun = history.filter(hadNoSlot).length;
      expect([countOf('JobStarted') - unrun, countOf('JobReleased') - unrun, countOf('JobCompleted')]).toEqual([
        1, 0, 1,
      ]);
    }
  },
);

test.concurrent.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a worker whose server is gone (%s) ends without waiting for it, and its jobs run elsewhere',
  async (signal) => {
    await using processes = await open();
    const { nats, log, startWorker } = processes;
    const env = { SHUTDOWN_GRACE_MS: '500', ACK_WAIT_MS: '1000' };
    const worker = await startWorker(env);
    const jobs = await log.createMany(20, 'sleep', { payload: { durationMs: 3_600_000 } });
    await log.untilAll(jobs, 'processing');
    await nats.kill(signal);
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(0); // the server is still gone
    if (signal === 'SIGSTOP') await nats.resume();
    else await nats.restart();
    const successor = await startWorker(env);
    const { worker: name } = successor.lines.find(({ msg }) => msg === 'accepting jobs') ?? {};
    for (const { jobId } of jobs) {
      await eventually(async () => expect((await log.eventLog.readJob(jobId))?.job.worker).toBe(name));
    }
  },
  120_000,
);

/** Creates short jobs steadily, until it is stopped. */
function startLoad(log: TestLog) {
  const jobs: JobEvent[] = [];
  const stopped = new AbortController();
  const feed = async () => {
    while (!stopped.signal.aborted) {
      jobs.push(await log.create('sleep', { payload: { durationMs: 100 } }));
      await pause(10);
    }
  };
  const feeding = Promise.all([feed(), feed()]);
  return {
    grownBy: (count: number) => {
      const target = jobs.length + count;
      return eventually(() => expect(jobs.length).toBeGreaterThanOrEqual(target));
    },
    stop: async () => {
      stopped.abort();
      await feeding;
      return jobs;
    },
  };
}
