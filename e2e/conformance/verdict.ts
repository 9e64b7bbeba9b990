import type { Trial } from './trial.ts';

export interface Verdict {
  readonly trial: Trial;
  /** Empty if all was as it must be. */
  readonly complaints: readonly string[];
  /** What a person needs to see why. */
  readonly evidence: readonly string[];
  readonly seconds: number;
}
