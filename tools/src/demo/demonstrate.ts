import type { JobEvent, Jobs, JobStatus } from '@jobstream/client';
import { statusAfter } from './statusAfter.ts';

export interface Demonstration {
  jobs: Pick<Jobs, 'create' | 'events' | 'get'>;
  to: string;
  write: (text: string) => void;
  timeoutMs?: number;
}

/** The job that was shown did not complete. */
export class IncompleteJobError extends Error {
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

/** What came by then is shown, too. */
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
