import { randomUUIDv7 } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';

/** Lives that are appended at once: their events go out in large batches. */
const AT_ONCE = 6_000;
/** No worker takes this type. */
const JOB_TYPE = 'imported';

const actor = { kind: 'worker', id: 'import' } as const;

/** Appends the whole lives of that many jobs, three events each. */
export async function fillLog(url: string, jobs: number, onProgress: (done: number) => void): Promise<void> {
  const eventLog = new EventLog({ url, name: 'import' });
  await eventLog.start();
  let [begun, done] = [0, 0];
  const write = async () => {
    while (begun < jobs) {
      begun += 1;
      let sequence = 0;
      for (const event of lifeOf(randomUUIDv7())) sequence = await eventLog.append(event, sequence);
      done += 1;
      if (done % 100_000 === 0) onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
  await eventLog.stop();
}

function lifeOf(jobId: string): JobEvent[] {
  const common = { v: 1, jobId, jobType: JOB_TYPE, at: new Date().toISOString(), actor } as const;
  const created = {
    payload: { to: 'user@example.com', subject: 'Hello', text: 'A mail of a usual length, more or less.' },
    maxAttempts: 3,
    backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 60_000, jitter: 0.2 },
    timeoutMs: 60_000,
    tags: [],
  } as const;
  const completed = { attempt: 1, result: { accepted: ['user@example.com'] }, durationMs: 5 };
  return [
    { ...common, id: randomUUIDv7(), version: 1, event: 'JobCreated', data: created },
    { ...common, id: randomUUIDv7(), version: 2, event: 'JobStarted', data: { attempt: 1, worker: 'worker-1' } },
    { ...common, id: randomUUIDv7(), version: 3, event: 'JobCompleted', data: completed },
  ];
}
