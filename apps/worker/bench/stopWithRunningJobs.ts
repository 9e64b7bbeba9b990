/**
 * SIGTERM of a worker with running jobs: `node apps/worker/bench/stopWithRunningJobs.ts [jobs] [grace ms] [rounds]`.
 * Starts a nats-server and a worker process, lets it run three-second jobs, and prints how long it needs from the signal to
 * its end, and whether every job was released and completed by the next worker as its first attempt.
 */
import type { JobEvent } from '@jobstream/domain';
import { eventually, startNats } from '@jobstream/testing';
import { mainScript, spawnWorker } from '../testing/spawnWorker.ts';
import { TestLog } from '../testing/testLog.ts';

const [jobs = 200, graceMs = 1_000, rounds = 3] = process.argv.slice(2).map(Number);
const PROMISED_MS = 1_000;

async function untilAll(log: TestLog, created: readonly JobEvent[], status: string): Promise<void> {
  for (const { jobId } of created) {
    const reached = async () => {
      if ((await log.eventLog.readJob(jobId))?.job.status !== status) throw new Error(`job ${jobId} is not ${status}`);
    };
    await eventually(reached, { timeoutMs: 60_000 });
  }
}

/** How many jobs have a history other than: started, released, started again as the same attempt, completed. */
async function odd(log: TestLog, created: readonly JobEvent[]): Promise<number> {
  const stories = await Promise.all(created.map(({ jobId }) => log.story(jobId)));
  const wanted = 'JobCreated, JobStarted 1, JobReleased 1, JobStarted 1, JobCompleted 1';
  return stories.filter((story) => story.filter((event) => !/Progressed/.test(event)).join(', ') !== wanted).length;
}

async function round(): Promise<boolean> {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url);
  const env = {
    NATS_URL: nats.url,
    LOG_LEVEL: 'info',
    WORKER_TYPES: 'sleep',
    WORKER_CONCURRENCY: String(jobs),
    SHUTDOWN_GRACE_MS: String(graceMs),
    ACK_WAIT_MS: '600000',
  };
  await using worker = spawnWorker(mainScript, env);
  await worker.logged('ready');
  const sleep = () => log.create('sleep', { payload: { durationMs: 3_000 } });
  const created = await Promise.all(Array.from({ length: jobs }, sleep));
  await untilAll(log, created, 'processing');
  const signalled = performance.now();
  worker.kill('SIGTERM');
  const code = await worker.ended;
  const ms = Math.round(performance.now() - signalled);
  await using next = spawnWorker(mainScript, env);
  await next.logged('ready');
  await untilAll(log, created, 'completed');
  const others = await odd(log, created);
  console.log(`${jobs} jobs running, grace ${graceMs} ms: exit ${code} after ${ms} ms; other histories: ${others}`);
  return code === 0 && ms <= graceMs + PROMISED_MS && others === 0;
}

let good = true;
for (let count = 0; count < rounds; count += 1) good = (await round()) && good;
process.exit(good ? 0 : 1);
