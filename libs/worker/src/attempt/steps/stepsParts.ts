import type { EventLog, Timers } from '@jobstream/eventlog';
import type { Handler } from '../../handler/jobHandler.ts';
import type { Logger } from '../../handler/logger.ts';
import type { Clock } from '../chain/clock.ts';
import type { JobChain } from '../chain/jobChain.ts';
import type { StepInstruments } from './stepTelemetry.ts';

/** The attempt whose steps these are. */
export interface SteppedAttempt {
  readonly chain: JobChain;
  readonly handler: Pick<Handler, 'definition'>;
  readonly number: number;
  readonly logger: Logger;
}

/** Why the attempt was aborted, if it was. */
export interface StepsAbort {
  readonly error: Error | undefined;
  readonly signal: AbortSignal;
  overtaken(): void;
}

/** What the steps of an attempt work with. */
export interface StepsContext extends StepInstruments {
  readonly eventLog: Pick<EventLog, 'contents'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly errorStacks: boolean;
  /** A sleep of at most this many milliseconds keeps its slot. */
  readonly slotWaitMs: number;
  /** Says why nothing of a version of the protocol can be recorded yet; undefined, or none, if all can. */
  readonly whyNotYet?: ((protocol: number) => Promise<string | undefined>) | undefined;
}

/** What a step or a sleep rejects with when its attempt is over. */
export function over(): Error {
  return new Error('the attempt is over, and its steps are not recorded any more');
}

/**
 * Waits for some milliseconds, in the slot.
 *
 * @throws AttemptAbortedError as soon as the attempt is aborted.
 */
export function pauseInSlot(ms: number, abort: StepsAbort, timers: Timers): Promise<void> {
  const { signal } = abort;
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      timers.clearTimeout(timer);
      reject(abort.error ?? over());
    };
    const timer = timers.setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
