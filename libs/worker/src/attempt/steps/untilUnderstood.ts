import { RetryAfterError } from '../../handler/handlerErrors.ts';
import { pauseInSlot, type SteppedAttempt, type StepsAbort, type StepsContext } from './stepsParts.ts';

/** How long an attempt waits for processes of an earlier release to be gone, and how often it looks. */
const UPGRADE_MS = 30_000;
const UPGRADE_LOOK_MS = 1_000;

/** What waits, as its messages call it. */
export interface Understood {
  readonly protocol: number;
  /** Such as `the first step`. */
  readonly what: string;
}

/**
 * Waits until all live processes understand a version of the protocol: until then steps would be lost to those of an earlier release,
 * and a job that waits would be unreadable to them.
 *
 * @throws RetryAfterError after thirty seconds.
 */
export async function untilUnderstood(
  { protocol, what }: Understood,
  attempt: Pick<SteppedAttempt, 'logger'>,
  abort: StepsAbort,
  { whyNotYet, timers }: Pick<StepsContext, 'whyNotYet' | 'timers'>,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += UPGRADE_LOOK_MS) {
    const why = await whyNotYet?.(protocol);
    if (why === undefined) return;
    if (waitedMs >= UPGRADE_MS)
      throw new RetryAfterError(`${what} cannot be recorded yet: ${why}`, UPGRADE_MS, { code: 'UPGRADE_UNFINISHED' });
    if (waitedMs === 0) attempt.logger.warn({ why }, `${what} waits: it could not be recorded yet`);
    await pauseInSlot(UPGRADE_LOOK_MS, abort, timers);
  }
}
