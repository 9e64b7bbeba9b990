import type { SeededRandom } from '../seededRandom.ts';
import type { Stage } from '../stage/stage.ts';

/** A way to break the system: what it can hit, for how long, and how. */
export interface FaultKind {
  readonly name: string;
  /** What the stage must have, in words, where not every stage has it. */
  readonly needs?: string;
  /** What this kind can hit on the stage, by name; nothing if it cannot be done there. */
  targets(stage: Stage): readonly string[];
  holdMs(random: SeededRandom): number;
  /** Breaks the target and returns how to mend it. */
  inject(stage: Stage, target: string): Promise<() => Promise<void>>;
}
