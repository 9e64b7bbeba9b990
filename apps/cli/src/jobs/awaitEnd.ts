import type { Job } from '@jobstream/client';
import type { Api } from '../command/apiCommand.ts';

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
