import type { JobDefinition, SignalNameOf, SignalOutput } from '@jobstream/client';
import type { Duration } from './duration.ts';

export interface WaitOptions {
  /** Tells the waits apart that a loop begins under one name: 1 to 128 characters without control characters. */
  readonly key?: string | number;
  /** The wait returns undefined once it has lasted so long; default: it waits for ever. At most 366 days. */
  readonly timeout?: Duration;
}

/** Waits for a signal to the job, within an attempt; see JobContext. */
export interface WaitFor<Definition extends JobDefinition = JobDefinition> {
  <Name extends SignalNameOf<Definition>>(
    name: string,
    signal: Name,
    options?: WaitOptions & { readonly timeout?: never },
  ): Promise<SignalOutput<Definition, Name>>;
  <Name extends SignalNameOf<Definition>>(
    name: string,
    signal: Name,
    options: WaitOptions,
  ): Promise<SignalOutput<Definition, Name> | undefined>;
}
