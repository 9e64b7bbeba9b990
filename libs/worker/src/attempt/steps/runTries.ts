import { retryDelayMs } from '@jobstream/domain';
import { RetryAfterError, UnrecoverableError } from '../../handler/handlerErrors.ts';
import { idempotencyKeyOf, LONGEST_WAIT_MS, type StepCall } from './stepCall.ts';
import { pauseInSlot, type SteppedAttempt, type StepsAbort, type StepsContext } from './stepsParts.ts';
import { withinStep } from './withinStep.ts';

interface Tries {
  readonly attempt: SteppedAttempt;
  readonly abort: StepsAbort;
  readonly context: StepsContext;
}

/** Runs the work of a step, as often as it may be run in one attempt of the job. Rejects with what the last run throws. */
export async function runTries(
  call: StepCall,
  { attempt: { chain, logger }, abort, context }: Tries,
): Promise<unknown> {
  const { name, key, work } = call;
  const idempotencyKey = idempotencyKeyOf(chain.job, call);
  const step = { name, ...(key === undefined ? {} : { key }), idempotencyKey, signal: abort.signal };
  for (let attempt = 1; ; attempt++) {
    try {
      return await withinStep.run(name, () => work({ ...step, attempt }));
    } catch (error) {
      const waitMs = abort.error === undefined ? waitAfter(error, attempt, call, context) : undefined;
      if (waitMs === undefined) throw error;
      logger.warn({ step: name, key, tries: attempt, waitMs, error }, 'step failed, will be run again');
      await pauseInSlot(waitMs, abort, context.timers);
    }
  }
}

/** Milliseconds until the step is run again in this attempt; undefined if it is not. */
function waitAfter(
  error: unknown,
  attempt: number,
  { maxAttempts, backoff }: StepCall,
  { clock }: StepsContext,
): number | undefined {
  if (attempt >= maxAttempts || error instanceof UnrecoverableError) return undefined;
  const asked = error instanceof RetryAfterError ? error.retryAfterMs : 0;
  // A longer wait is that of the job, which takes no slot.
  if (asked > LONGEST_WAIT_MS) return undefined;
  const delay = Math.min(retryDelayMs(backoff, attempt, clock.random()), LONGEST_WAIT_MS);
  return Math.max(delay, asked);
}
