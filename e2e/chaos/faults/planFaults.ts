import { seededRandom } from '../seededRandom.ts';
import type { Stage } from '../stage/stage.ts';
import type { FaultKind } from './fault.ts';

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly target: string;
  readonly holdMs: number;
  /** Pause before it; none means that it comes on top of the recovery from the one before. */
  readonly afterMs: number;
}

/** The kinds that the stage does not have what they need for, each with the reason. */
export function impossibleKinds(kinds: readonly FaultKind[], stage: Stage): readonly string[] {
  return kinds
    .filter((kind) => kind.targets(stage).length === 0)
    .map(({ name, needs = 'something to hit' }) => `no "${name}" here: it needs ${needs}`);
}

/** As many faults as asked for: every possible kind once, in an order by chance, and all over again; targets in turn. */
export function planFaults(
  count: number,
  { seed, kinds, stage }: { seed: string; kinds: readonly FaultKind[]; stage: Stage },
): readonly PlannedFault[] {
  const random = seededRandom(seed, 'faults');
  const possible = kinds.filter((kind) => kind.targets(stage).length > 0);
  const targets = new Map(possible.map((kind) => [kind, random.shuffled(kind.targets(stage))]));
  const planned: PlannedFault[] = [];
  while (planned.length < count && possible.length > 0) {
    for (const kind of random.shuffled(possible).slice(0, count - planned.length)) {
      const target = nextOf(targets.get(kind) ?? []);
      const afterMs = random.chance(0.25) ? 0 : random.int(1_000, 4_000);
      planned.push({ kind, target, holdMs: kind.holdMs(random), afterMs });
    }
  }
  return planned;
}

/** The first, which goes to the end. */
function nextOf(targets: string[]): string {
  const [next = '', ...others] = targets;
  targets.splice(0, targets.length, ...others, next);
  return next;
}
