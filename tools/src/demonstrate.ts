import { setTimeout as pause } from 'node:timers/promises';
import { ApiError } from './apiClient.ts';
import type { ApiClient, LoggedEvent } from './apiClient.ts';

/** What each event makes of the job; an event that is not here leaves its status alone. */
const statusAfter: Record<string, string> = {
  JobStarted: 'processing',
  JobCompleted: 'completed',
  JobRetryScheduled: 'retrying',
  JobFailed: 'failed',
  JobCancelled: 'cancelled',
  JobRequeued: 'pending',
  JobReleased: 'pending',
};
const ends = new Set(['completed', 'failed', 'cancelled']);

export interface Demonstration {
  api: ApiClient;
  to: string;
  write: (text: string) => void;
  timeoutMs?: number;
}

/** Creates a job, follows it to its end and shows its events; rejects unless it completes. */
export async function demonstrate({ api, to, write, timeoutMs = 30_000 }: Demonstration): Promise<void> {
  const job = await api.createJob({ type: 'email', payload: { to, subject: 'Hello from Jobstream' } });
  write(`created  ${job.id}, an e-mail to ${to}\nstatus   ${job.status}`);
  const deadline = Date.now() + timeoutMs;
  const statuses = [job.status];
  const events: LoggedEvent[] = [];
  while (!ends.has(last(statuses)) && Date.now() < deadline) {
    const fresh = (await api.getEvents(job.id)).slice(events.length);
    events.push(...fresh);
    for (const status of changes(last(statuses), fresh)) {
      statuses.push(status);
      write(` → ${status}`);
    }
    await pause(100);
  }
  write(`\nevents\n${events.map(eventLine).join('')}`);
  await confirm(api, job.id, last(statuses), deadline);
  write(`job      completed, as GET /api/jobs/${job.id} says\n`);
}

function changes(from: string, events: LoggedEvent[]): string[] {
  const statuses: string[] = [];
  for (const { event } of events) {
    const status = statusAfter[event];
    if (status !== undefined && status !== (statuses.at(-1) ?? from)) statuses.push(status);
  }
  return statuses;
}

function last(statuses: string[]): string {
  return statuses.at(-1) ?? '';
}

function eventLine({ sequence, at, event, data }: LoggedEvent): string {
  return `  ${String(sequence).padStart(5)}  ${at}  ${event.padEnd(17)}  ${JSON.stringify(data ?? {})}\n`;
}

/** The table follows the log: it may say so a moment later. */
async function confirm(api: ApiClient, id: string, status: string, deadline: number): Promise<void> {
  if (status !== 'completed') throw new ApiError(`The job did not complete: it is ${status}.`);
  while ((await api.getJob(id)).status !== 'completed') {
    if (Date.now() > deadline) throw new ApiError('The log says that the job is completed, but the table does not.');
    await pause(100);
  }
}
