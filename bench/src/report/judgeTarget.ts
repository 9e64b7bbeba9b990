import { table } from './format.ts';
import type { Measured, Results } from './measuredFor.ts';
import { isLoaded, loadCell, otherCoresOf } from './otherLoad.ts';
import { type Target, TARGETS } from './targets.ts';

export type Verdict = 'met' | 'missed' | 'at the floor' | 'not judged';

/** Where figures in µs are comparable with their targets. */
interface Machine {
  readonly processor?: string;
  readonly cores?: number;
}

/** That of the committed tables. */
const ONE_MACHINE = { processor: 'Intel(R) Xeon(R) Processor', cores: 2 };
/** A figure that is this near to that of the bare parts can hardly be better. */
const AT_THE_FLOOR = 0.97;

/** What was aimed at, what was measured, and whether that is enough. */
export function targetsTable(results: Results): string {
  const rows = TARGETS.map((target) => {
    const [measured, floor] = [target.measured(results), target.floor?.(results)];
    const { what, unit } = target;
    if (measured === undefined) return [what, aim(target), 'not measured', '', '', ''];
    const load = loadCell(otherCoresOf([measured, floor ?? {}]));
    const verdict = judgeTarget(target, { measured, floor, machine: results.peers });
    return [what, aim(target), unit(measured.value), verdict, floorCell(target, floor), load];
  });
  return table(['', 'target', 'measured', 'verdict', 'bare parts', 'other load'], rows);
}

function floorCell({ floor, unit }: Target, measured: Measured | undefined): string {
  if (measured !== undefined) return unit(measured.value);
  return floor === undefined ? '' : 'not measured';
}

interface Evidence {
  readonly measured: Measured;
  /** Of the same run. */
  readonly floor?: Measured | undefined;
  readonly machine: Machine;
}

/** Judges a figure, unless other processes disturbed it or its floor, or it is a time of another machine. */
export function judgeTarget(target: Target, { measured, floor, machine }: Evidence): Verdict {
  if (isLoaded(otherCoresOf([measured, floor ?? {}]))) return 'not judged';
  const holds = target.onOneMachine !== true || isOneMachine(machine);
  if (holds && isWithin(target, measured.value)) return 'met';
  const ofFloor = floor === undefined ? undefined : judgeByFloor(target, measured.value, floor.value);
  return ofFloor ?? (holds || target.orTimesFloor !== undefined ? 'missed' : 'not judged');
}

function judgeByFloor(target: Target, value: number, floor: number): Verdict | undefined {
  if (value <= floor * (target.orTimesFloor ?? 0)) return 'met';
  return isAtFloor(target, value, floor) ? 'at the floor' : undefined;
}

function isAtFloor({ atLeast }: Target, value: number, floor: number): boolean {
  return (atLeast === undefined ? floor / value : value / floor) >= AT_THE_FLOOR;
}

function isWithin({ atLeast = -Infinity, atMost = Infinity }: Target, value: number): boolean {
  return value >= atLeast && value <= atMost;
}

function isOneMachine({ processor, cores }: Machine): boolean {
  return processor === ONE_MACHINE.processor && cores === ONE_MACHINE.cores;
}

function aim({ atLeast, atMost, stretch, orTimesFloor, unit, of = '' }: Target): string {
  const bound = atLeast === undefined ? `≤ ${unit(atMost ?? 0)}` : `≥ ${unit(atLeast)}`;
  const further = [
    ...(stretch === undefined ? [] : [`better ${unit(stretch)}`]),
    ...(orTimesFloor === undefined ? [] : [`or ≤ ${orTimesFloor.toFixed(2)} × bare parts`]),
  ];
  return [`${bound} ${of}`.trim(), ...further].join(', ');
}
