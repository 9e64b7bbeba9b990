import { UsageError } from '@jobstream/runtime';
import { guardOfThisProcess } from '@jobstream/test-support';
import { UNUSABLE_EXIT_CODE } from './readCommandLine.ts';

/** What was measured says nothing; the message is one sentence for the user. */
export class NotJudgedError extends Error {
  readonly code = 'NOT_JUDGED';
}

/**
 * Runs a benchmark as the purpose of this process, and ends it together with all that it has started. Exit code 0; 1 when `work`
 * resolves to false; 2 when it could not be done, with the error on standard error.
 */
export async function runBench(work: () => Promise<boolean | void>): Promise<never> {
  const code = await work().then((isGood) => (isGood === false ? 1 : 0), reportFailure);
  await guardOfThisProcess().stop();
  process.exit(code);
}

function reportFailure(error: unknown): number {
  console.error(error instanceof UsageError || error instanceof NotJudgedError ? error.message : error);
  return UNUSABLE_EXIT_CODE;
}
