import type { VirtualClock } from '@jobstream/eventlog';
import type { SeededRandom } from '../../chaos/seededRandom.ts';
import type { Network } from './network.ts';
import type { Sabotage } from './sabotage.ts';
import type { Trace } from './trace.ts';

/** What everything in a simulation has in common. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly trace: Trace;
  /** Numbers for one purpose, which do not depend on how often another one drew. */
  readonly randomFor: (purpose: string) => SeededRandom;
  readonly sabotage: Sabotage;
}
