import type { JobEvent, Jobs, JobStatus, JobEventName } from '@jobstream/client';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AccessDeniedError, UnavailableError } from '@jobstream/client';

/** The status of the job after each event; undefined: `scheduled` or `pending` after a creation, else unchanged. */
const statusAfter: Readonly<Record<JobEventName, JobStatus | undefined>> = {
  JobCreated: undefined,
  JobCreatedWithPriority: undefined,
  JobStarted: 'processing',
  JobProgressed: undefined,
  JobStepsRecorded: undefined,
  JobSuspended: 'waiting',
  JobResumed: 'processing',
  JobCompleted: 'completed',
  JobRetryScheduled: 'retrying',
  JobFailed: 'failed',
  JobCancelled: 'cancelled',
  JobRequeued: 'pending',
  JobRequeuedWithPriority: 'pending',
  JobPriorityChanged: undefined,
  JobDueNow: undefined,
  JobPayloadChanged: undefined,
  JobRevised: undefined,
  JobSignalled: undefined,
  JobReleased: 'pending',
  JobCarried: undefined,
  JobCarriedWithSteps: undefined,
  JobCarriedWaiting: undefined,
};

export interface Demonstration {
  jobs: Pick<Jobs, 'create' | 'events' | 'get'>;
  to: string;
  write: (text: string) => void;
  timeoutMs?: number;
}

/** The job that was shown did not complete. */
class IncompleteJobError extends Error {
  readonly code = 'INCOMPLETE_JOB';

  constructor(status: JobStatus) {
    super(`The job did not complete: it is ${status}.`);
  }
}

/** Creates a job, follows it to its end and shows its events; rejects unless it completes. */
export async function demonstrate({ jobs, to, write, timeoutMs = 30_000 }: Demonstration): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { id, status } = await jobs.create(
    { type: 'email', payload: { to, subject: 'Hello from Jobstream' } },
    { signal },
  );
  write(`created  ${id}, an e-mail to ${to}\nstatus   ${status}`);
  const events: JobEvent[] = [];
  let shown = status;
  for await (const event of untilTimeout(jobs.events(id, { signal }), signal)) {
    events.push(event);
    const next = statusAfter[event.event] ?? shown;
    if (next !== shown) write(` → ${next}`);
    shown = next;
  }
  write(`\nevents\n${events.map(eventLine).join('')}`);
  if (shown !== 'completed') throw new IncompleteJobError(shown);
  const job = await jobs.get(id, { minVersion: events.at(-1)?.version ?? 1 });
  write(`job      ${job.status}, as GET /api/jobs/${id} says\n`);
}

/** Also shows the events received before the failure. */
async function* untilTimeout<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function eventLine({ sequence, at, event, data }: JobEvent): string {
  return `  ${String(sequence).padStart(5)}  ${at}  ${event.padEnd(17)}  ${JSON.stringify(data)}\n`;
}

/** Raises the counter in a file by one and returns it: 1 for a new file. */
export function raiseCounter(file: string): number {
  const next = (Number(readOr(file, '0')) || 0) + 1;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${next}\n`);
  return next;
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

/** Explains in one sentence why the demo failed. */
export function demoFailure(error: unknown, apiUrl: string): Error {
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof UnavailableError && error.status === undefined) {
    const reason = /cannot be reached: (.*?)\. /u.exec(said)?.[1] ?? said;
    return new Error(`The API at ${apiUrl} cannot be reached (${reason}): is the system running?`, { cause: error });
  }
  if (error instanceof AccessDeniedError) {
    return new Error(`The API at ${apiUrl} does not let us in (${said}): is API_KEY right?`, { cause: error });
  }
  return new Error(said, { cause: error });
}
