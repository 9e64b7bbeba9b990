import { table, whole } from './format.ts';
import {
  batchRate,
  catchUp,
  type Measure,
  rateIn,
  type Results,
  shareOfExpress,
  startBehind,
  startLatency,
  visibleLatency,
} from './measuredFor.ts';

interface Target {
  readonly workload: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit: (value: number) => string;
  /** Against what, if the figure is a ratio. */
  readonly of?: string;
  readonly measured: Measure;
  /** What the baseline comes to. */
  readonly floor?: Measure;
}

/** The system of the baseline. */
const FLOOR = 'baseline';

const times = (value: number) => `${value.toFixed(2)} ×`;
const milliseconds = (value: number) => `${value.toFixed(1)} ms`;
const percent = (value: number) => `${Math.round(value * 100)} %`;

const TARGETS: readonly Target[] = [
  {
    workload: 'bulk enqueue, fsync',
    atLeast: 1.3,
    unit: times,
    of: 'the best peer',
    measured: rateIn('bulk-enqueue'),
    floor: rateIn('bulk-enqueue', FLOOR),
  },
  {
    workload: 'drain jobs that do nothing, fsync, history kept',
    atLeast: 1,
    unit: times,
    of: 'the best peer',
    measured: rateIn('drain'),
    floor: rateIn('drain', FLOOR),
  },
  {
    workload: 'create → handler start at 500 jobs/s, fsync, p50',
    atMost: 2,
    unit: milliseconds,
    measured: startLatency('p50'),
    floor: startLatency('p50', FLOOR),
  },
  {
    workload: 'the same, p99',
    atMost: 0.5,
    unit: times,
    of: 'the best peer',
    measured: startLatency('p99 against the best peer'),
    floor: startLatency('p99 against the best peer', FLOOR),
  },
  {
    workload: 'create → seen completed in the table at 500 jobs/s, fsync, p99',
    atMost: 50,
    unit: milliseconds,
    measured: visibleLatency,
  },
  {
    workload: '`POST /api/jobs`, fsync',
    atLeast: 0.6,
    unit: percent,
    of: 'a minimal Express route',
    measured: shareOfExpress('create'),
    floor: shareOfExpress('baseline-create'),
  },
  { workload: '`POST /api/jobs/batch`, fsync, jobs/s', atLeast: 40_000, unit: whole, measured: batchRate },
  {
    workload: 'create → handler start behind 1,000,000 finished jobs, p99',
    atMost: 1.2,
    unit: times,
    of: 'that behind 10,000',
    measured: startBehind,
  },
  {
    workload: 'projector catches up, events/s',
    atLeast: 100_000,
    unit: whole,
    measured: catchUp('projectedPerSecond'),
    floor: catchUp('baselinePerSecond'),
  },
];

/** What was aimed at, what was measured, and whether that is enough. */
export function targetsTable(results: Results): string {
  const rows = TARGETS.map((target) => {
    const { workload, unit, floor } = target;
    const [measured, baseline] = [target.measured(results), floor?.(results)];
    const shown = measured === undefined ? 'not measured' : unit(measured);
    return [workload, aim(target), shown, verdict(target, measured), baseline === undefined ? '' : unit(baseline)];
  });
  return table(['', 'target', 'measured', 'verdict', 'baseline'], rows);
}

function aim({ atLeast, atMost, unit, of = '' }: Target): string {
  const bound = atLeast === undefined ? `≤ ${unit(atMost ?? 0)}` : `≥ ${unit(atLeast)}`;
  return `${bound} ${of}`.trim();
}

function verdict({ atLeast = -Infinity, atMost = Infinity }: Target, measured: number | undefined): string {
  if (measured === undefined) return '';
  return measured >= atLeast && measured <= atMost ? 'met' : 'missed';
}
