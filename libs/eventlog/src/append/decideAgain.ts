import { ConcurrentAppendError } from '../errors.ts';

/** A job or schedule changes a few times a second at most: what loses this often meets another fault than other writers. */
const MAX_TRIES = 8;

/**
 * Reads a state, decides, and appends, and does all of it again as long as another writer was faster.
 *
 * @param readDecideAndAppend must read anew each time. It is called up to eight times.
 * @throws ConcurrentAppendError after the eighth; what else `readDecideAndAppend` throws, at once.
 */
export async function decideAgain<Result>(readDecideAndAppend: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await readDecideAndAppend();
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError) || tries === MAX_TRIES) throw error;
    }
  }
}
