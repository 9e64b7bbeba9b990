import { Option } from '@commander-js/extra-typings';
import { explainWaiting, hasEnded, type Job } from '@jobstream/client';
import type { Api } from '../command/apiCommand.ts';
import { duration } from '../command/values.ts';
import type { Printer } from '../output/printer.ts';
import { plainText } from '../output/table.ts';
import { formatDuration } from '../output/times.ts';

const DEFAULT_WAIT_MS = 60_000;

/** The option of commands that can wait for the end of a job; its value is in milliseconds. */
export function waitOption() {
  const help =
    'wait for its end, at most this long (1m if no time is given); exit code 1 if it failed or was cancelled';
  return new Option('--wait [duration]', help).preset(DEFAULT_WAIT_MS).argParser(waitMs);
}

/** Commander hands the preset to the parser, too. */
function waitMs(given: string | number): number {
  return typeof given === 'number' ? given : duration(given);
}

/**
 * Waits for the end of a job, at most so many milliseconds; when it has not ended by then, notes what it waits for.
 *
 * @returns the job as it is at the end of the wait.
 */
export async function awaitEnd(api: Api, id: string, limitMs: number): Promise<Job> {
  const { client, printer, signal } = api;
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await client.jobs.waitForCompletion(id, { signal: AbortSignal.any([signal, limit]) });
  } catch (error) {
    if (signal.aborted || !limit.aborted) throw error;
    const job = await client.jobs.get(id, { signal });
    if (!hasEnded(job)) printer.note(`jobstream: ${describeWait(job, limitMs, printer)}`);
    return job;
  }
}

function describeWait(job: Job, limitMs: number, { time }: Printer): string {
  const { id, status } = job;
  const waiting = explainWaiting(job, { time, duration: formatDuration });
  const because = waiting === undefined ? '' : ` ${plainText(waiting.because)}`;
  return `after ${formatDuration(limitMs)} the job is still ${status}.${because} To go on waiting: jobstream get ${id} --wait`;
}
