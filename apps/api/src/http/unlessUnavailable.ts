import { LogUnavailableError } from '@jobstream/eventlog';
import { ReadModelUnavailableError } from '@jobstream/readmodel';

/**
 * Returns null while the log or the table is unavailable, or if it takes longer than `ms` milliseconds: for a part of a
 * response that is worth sending without it.
 */
export async function unlessUnavailable<Answer>(answer: Promise<Answer>, ms: number): Promise<Answer | null> {
  const { promise: tooLate, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, ms, null);
  try {
    return await Promise.race([answer, tooLate]);
  } catch (error) {
    if (error instanceof LogUnavailableError || error instanceof ReadModelUnavailableError) return null;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
