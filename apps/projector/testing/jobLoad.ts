import type { JobEvent } from '@jobstream/domain';
import { newId, type EventLog } from '@jobstream/eventlog';

/** Appends jobs one after the other, each from its creation to its end, until it is stopped. */
export interface JobLoad extends AsyncDisposable {
  /** How many jobs have ended so far. */
  readonly jobs: number;
  /** Resolves when the job at hand has ended. */
  stop(): Promise<void>;
}

const actor = { kind: 'worker', id: 'test' } as const;

/** Appends the whole life of one job and returns its id; `steps` of it only, when told. */
export async function appendLife(eventLog: Pick<EventLog, 'append'>, steps = 3, jobId = newId()): Promise<string> {
  let sequence = 0;
  for (const event of lifeOf(jobId).slice(0, steps)) sequence = await eventLog.append(event, sequence);
  return jobId;
}

/** Appends what is left of the life of a job. */
export async function finishLife(eventLog: Pick<EventLog, 'append' | 'readHistory'>, jobId: string): Promise<void> {
  const history = await eventLog.readHistory(jobId);
  let sequence = history.at(-1)?.sequence ?? 0;
  for (const event of lifeOf(jobId).slice(history.length)) sequence = await eventLog.append(event, sequence);
}

/** Starts that many writers. */
export function startLoad(eventLog: Pick<EventLog, 'append'>, writers = 4): JobLoad {
  const state = { jobs: 0, stopped: false };
  const write = async () => {
    while (!state.stopped) {
      await appendLife(eventLog);
      state.jobs += 1;
    }
  };
  const writing = Promise.all(Array.from({ length: writers }, write));
  const stop = async () => {
    state.stopped = true;
    await writing;
  };
  return {
    get jobs() {
      return state.jobs;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The events of a job that is created, started and completed. */
function lifeOf(jobId: string): JobEvent[] {
  const at = new Date().toISOString();
  const common = { v: 1, jobId, jobType: 'email', at, actor } as const;
  const created = {
    payload: { to: 'user@example.com' },
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 1_000 },
    timeoutMs: 60_000,
    tags: ['load'],
  } as const;
  return [
    { ...common, id: newId(), version: 1, event: 'JobCreated', data: created },
    { ...common, id: newId(), version: 2, event: 'JobStarted', data: { attempt: 1, worker: 'worker-1' } },
    { ...common, id: newId(), version: 3, event: 'JobCompleted', data: { attempt: 1, durationMs: 5 } },
  ];
}
