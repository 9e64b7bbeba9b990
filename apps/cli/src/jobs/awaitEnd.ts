import { Option } from '@commander-js/extra-typings';
import type { Job } from '@jobstream/client';
import type { Api } from '../command/apiCommand.ts';
import { duration } from '../command/values.ts';

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
 * Waits for the end of a job, at most so many milliseconds.
 *
 * @returns the job as it is at the end of the wait.
 */
export async function awaitEnd({ client, signal }: Api, id: string, limitMs: number): Promise<Job> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await client.jobs.waitForCompletion(id, { signal: AbortSignal.any([signal, limit]) });
  } catch (error) {
    if (signal.aborted || !limit.aborted) throw error;
    return client.jobs.get(id, { signal });
  }
}
