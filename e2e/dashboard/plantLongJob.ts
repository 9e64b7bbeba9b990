import type { JobstreamClient } from '@jobstream/client';
import type { JobEvent } from '@jobstream/domain';
import { EventLog, newId } from '@jobstream/eventlog';

export const LONG_ATTEMPTS = 1_000;
/** With its start and its end, ten events of each attempt but the first, since the creation is one, too. */
const STEPS = 8;
export const LONG_EVENTS = LONG_ATTEMPTS * (STEPS + 2);
const TYPE = 'long-history';

interface LongJob {
  readonly client: JobstreamClient;
  /** Where the events are written, as a worker would. */
  readonly nats: string;
  /** The message of its last error. */
  readonly message: string;
}

/** Makes a job that has failed for a day: 10,000 events, 1,000 attempts. Returns its id. */
export async function plantLongJob({ client, nats, message }: LongJob): Promise<string> {
  const { id, createdAt } = await client.jobs.create({ type: TYPE, maxAttempts: LONG_ATTEMPTS });
  // As a worker, whose rights the address has.
  const log = new EventLog({ url: nats, name: 'worker', deadlineMs: 240_000 });
  await log.start();
  let sequence = (await log.readJob(id, TYPE))?.sequence ?? 0;
  for (const event of historyOf({ id, createdAt, message })) sequence = await log.append(event, sequence);
  await log.stop();
  return id;
}

interface Creation {
  readonly id: string;
  readonly createdAt: string;
  readonly message: string;
}

/** What such a job lives through after its creation, as its worker would have written it. */
function* historyOf({ id: jobId, createdAt, message }: Creation): Generator<JobEvent> {
  let version = 1;
  const timeOf = (ofVersion: number) => new Date(Date.parse(createdAt) + ofVersion).toISOString();
  const event = (name: string, data: object) => {
    version += 1;
    const actor = { kind: 'worker', id: 'worker-1' };
    const at = timeOf(version);
    return { v: 1, id: newId(), event: name, jobId, jobType: TYPE, version, at, actor, data } as JobEvent;
  };
  for (let attempt = 1; attempt <= LONG_ATTEMPTS; attempt++) {
    yield event('JobStarted', { attempt, worker: 'worker-1' });
    for (let step = attempt === 1 ? 2 : 1; step <= STEPS; step++)
      yield event('JobProgressed', { attempt, percent: step * 10 });
    const error = { name: 'Error', message: attempt === LONG_ATTEMPTS ? message : 'no answer' };
    const failed = { attempt, error, durationMs: STEPS };
    if (attempt < LONG_ATTEMPTS) yield event('JobRetryScheduled', { ...failed, retryAt: timeOf(version + 2) });
    else yield event('JobFailed', { ...failed, reason: 'attempts-exhausted' });
  }
}
