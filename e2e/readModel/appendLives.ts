import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { EventLog, newId } from '@jobstream/eventlog';
import type { SeededRandom } from '../chaos/seededRandom.ts';

export interface LivesOptions {
  readonly url: string;
  readonly random: SeededRandom;
  readonly writers: number;
  readonly stop: AbortSignal;
}

const LONGEST_PAUSE_MS = 200;
const actor = { kind: 'worker', id: 'load' } as const;

/** Appends lives of jobs of several kinds, some at once and some with pauses, until told to stop; returns how many events. */
export async function appendLives({ url, random, writers, stop }: LivesOptions): Promise<number> {
  const eventLog = new EventLog({ url, name: 'load', deadlineMs: 30_000 });
  await eventLog.start();
  let events = 0;
  const write = async () => {
    while (!stop.aborted) {
      const hasty = random.chance(0.3);
      let sequence = 0;
      for (const event of lifeOf(random)) {
        sequence = await eventLog.append(event, sequence);
        events += 1;
        if (!hasty) await pause(random.int(0, LONGEST_PAUSE_MS));
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  await eventLog.stop();
  return events;
}

/** Created, perhaps tried in vain, then completed, failed or cancelled. */
function lifeOf(random: SeededRandom): JobEvent[] {
  const [jobId, jobType] = [newId(), random.pick(['email', 'report', 'sync'])];
  const created = {
    payload: { number: random.int(1, 1_000) },
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 1_000 },
    timeoutMs: 60_000,
    tags: [],
  } as const;
  const bodies = [{ event: 'JobCreated', data: created }, ...attemptsOf(random)] as const;
  return bodies.map((body, index) => {
    const at = new Date().toISOString();
    return Object.assign({ v: 1, id: newId(), jobId, jobType, version: index + 1, at, actor }, body) as JobEvent;
  });
}

function started(attempt: number) {
  return { event: 'JobStarted', data: { attempt, worker: 'worker-1' } };
}

function attemptsOf(random: SeededRandom) {
  const retries = random.chance(0.2) ? random.int(1, 2) : 0;
  const error = { name: 'Error', message: 'no' };
  const inVain = Array.from({ length: retries }, (_, index) => {
    const [attempt, retryAt] = [index + 1, new Date().toISOString()];
    return [started(attempt), { event: 'JobRetryScheduled', data: { attempt, error, retryAt, durationMs: 5 } }];
  });
  const attempt = retries + 1;
  const end = random.pick([
    { event: 'JobCompleted', data: { attempt, result: random.int(1, 9), durationMs: random.int(1, 500) } },
    { event: 'JobCompleted', data: { attempt, durationMs: 5 } },
    { event: 'JobFailed', data: { attempt, error, reason: 'unrecoverable' } },
    { event: 'JobCancelled', data: {} },
  ]);
  return [...inVain.flat(), started(attempt), end];
}
