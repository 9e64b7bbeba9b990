import type { JobEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { AppProcess, repositoryRoot } from '@jobstream/servers';
import { eventually, guardOfThisProcess, newJob, startNats } from '@jobstream/test-support';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const PROMISED_MS = 1_000;
/** The attempt that was released does not count. */
const WANTED = 'JobCreated, JobStarted 1, JobReleased 1, JobStarted 1, JobCompleted 1';

export const stopWithRunningJobs: HandrunBench = {
  name: 'stop-with-running-jobs',
  summary:
    'How long a worker with running three-second jobs takes from SIGTERM to its exit; fails if it takes a second more than ' +
    'its grace, or if the next worker does not complete each job as its first attempt.',
  parameters: '[jobs = 200] [grace ms = 1000] [rounds = 3]',
  async run(args) {
    const [jobs, graceMs, rounds] = numbersOf(args, 200, 1_000, 3);
    let passed = true;
    for (let count = 0; count < rounds; count += 1) passed = (await round(jobs, graceMs)) && passed;
    return passed;
  },
};

async function round(jobs: number, graceMs: number): Promise<boolean> {
  await using nats = await startNats();
  const log = new EventLog({ url: nats.url, name: 'bench' });
  await log.start();
  const env = {
    NATS_URL: nats.url,
    WORKER_TYPES: 'sleep',
    WORKER_CONCURRENCY: String(jobs),
    SHUTDOWN_GRACE_MS: String(graceMs),
    ACK_WAIT_MS: '600000',
  };
  const worker = startWorker(env);
  await worker.start();
  const created = Array.from({ length: jobs }, () => newJob({ durationMs: 3_000 }, 'sleep'));
  await Promise.all(created.map((event) => log.append(event, 0)));
  await untilAll(log, created, 'processing');
  const signalled = performance.now();
  await worker.stop();
  const ms = Math.round(performance.now() - signalled);
  const next = startWorker(env);
  await next.start();
  await untilAll(log, created, 'completed');
  const others = await unexpectedHistories(log, created);
  console.log(`${jobs} jobs running, grace ${graceMs} ms: exit after ${ms} ms; other histories: ${others}`);
  await next.stop();
  await log.stop();
  return ms <= graceMs + PROMISED_MS && others === 0;
}

function startWorker(settings: Record<string, string>): AppProcess {
  return new AppProcess({
    name: 'worker',
    script: 'apps/worker/src/main.ts',
    cwd: repositoryRoot,
    env: { ...process.env, HEALTH_PORT: '0', LOG_LEVEL: 'warn', ...settings },
    onLine: (line) => console.log(line),
    graceMs: 30_000,
    guard: guardOfThisProcess(),
  });
}

async function untilAll(log: EventLog, created: readonly JobEvent[], status: string): Promise<void> {
  for (const { jobId } of created) {
    const reached = async () => {
      if ((await log.readJob(jobId))?.job.status !== status) throw new Error(`job ${jobId} is not ${status}`);
    };
    await eventually(reached, { timeoutMs: 60_000 });
  }
}

async function unexpectedHistories(log: EventLog, created: readonly JobEvent[]): Promise<number> {
  const histories = await Promise.all(created.map(({ jobId }) => log.readHistory(jobId)));
  const words = histories.map((history) =>
    history
      .filter(({ event }) => event.event !== 'JobProgressed')
      .map(({ event }) => ('attempt' in event.data ? `${event.event} ${event.data.attempt}` : event.event))
      .join(', '),
  );
  return words.filter((history) => history !== WANTED).length;
}
