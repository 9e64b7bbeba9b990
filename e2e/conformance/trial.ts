import type { Scenario } from './scenario.ts';

/** One scenario with one worker. */
export interface Trial {
  /** Who is tried, in the report. */
  readonly worker: string;
  /** Starts it. */
  readonly command: string;
  readonly scenario: Scenario;
  /** The worker is broken on purpose: the scenario must fail with a complaint like this one. */
  readonly mustComplain?: RegExp;
}
