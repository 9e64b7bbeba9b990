import { whole } from './format.ts';
import {
  batchRate,
  catchUpShare,
  cpuAgainst,
  cpuOf,
  latencyOf,
  type Measure,
  rateAgainst,
  requestShare,
  startAgainstPeers,
  startBehind,
} from './measuredFor.ts';

/** A bound of a figure of one run, and what the bare parts came to in the same run. */
export interface Target {
  readonly what: string;
  readonly unit: (value: number) => string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** It would be good to reach this one, too. */
  readonly stretch?: number;
  /** It holds on the machine of the committed tables alone: the figure is a time. */
  readonly onOneMachine?: true;
  /** As many times the bare parts are enough as well, on any machine. */
  readonly orTimesFloor?: number;
  /** Against what, if the figure is a ratio. */
  readonly of?: string;
  readonly measured: Measure;
  readonly floor?: Measure;
}

const times = (value: number) => `${value.toFixed(2)} ×`;
const milliseconds = (value: number) => `${value.toFixed(1)} ms`;
const micros = (value: number) => `${value.toFixed(0)} µs`;

const bulk = { workload: 'bulk-enqueue', system: 'jobstream' } as const;
const single = { workload: 'enqueue-1', system: 'jobstream', against: ['baseline'] } as const;
const withTable = { workload: 'drain', system: 'jobstream-table' } as const;
const unsynced = { workload: 'drain', system: 'jobstream', durability: 'default' } as const;
const ofBaseline = { system: 'baseline' } as const;
const ofBaselineWithTable = { system: 'baseline-table' } as const;

export const TARGETS: readonly Target[] = [
  {
    what: 'drain with table, fsync',
    atLeast: 0.85,
    stretch: 0.95,
    unit: times,
    of: 'BullMQ',
    measured: rateAgainst({ ...withTable, against: ['bullmq'] }),
    floor: rateAgainst({ ...withTable, ...ofBaselineWithTable, against: ['bullmq'] }),
  },
  {
    what: 'drain with table, fsync: processor time a job',
    atMost: 120,
    onOneMachine: true,
    orTimesFloor: 1.15,
    unit: micros,
    measured: cpuOf(withTable),
    floor: cpuOf({ ...withTable, ...ofBaselineWithTable }),
  },
  {
    what: 'everything that `npm start` switches on: processor time a job, without idling',
    atMost: 1.15,
    unit: times,
    of: 'the drain with table',
    measured: cpuAgainst({ workload: 'drain', system: 'start', against: ['jobstream-table'] }),
    floor: cpuAgainst({ workload: 'drain', system: 'baseline-table', against: ['jobstream-table'] }),
  },
  {
    what: 'drain, fsync',
    atLeast: 1,
    unit: times,
    of: 'the best peer',
    measured: rateAgainst({ workload: 'drain', system: 'jobstream' }),
    floor: rateAgainst({ workload: 'drain', system: 'baseline' }),
  },
  {
    what: 'drain, default durability',
    atLeast: 0.95,
    unit: times,
    of: 'the best peer',
    measured: rateAgainst(unsynced),
    floor: rateAgainst({ ...unsynced, ...ofBaseline }),
  },
  {
    what: 'the same: processor time a job',
    atMost: 72,
    onOneMachine: true,
    unit: micros,
    measured: cpuOf(unsynced),
    floor: cpuOf({ ...unsynced, ...ofBaseline }),
  },
  {
    what: 'the same: processor time of the worker a job',
    atMost: 36,
    onOneMachine: true,
    unit: micros,
    measured: cpuOf(unsynced, 'worker'),
    floor: cpuOf({ ...unsynced, ...ofBaseline }, 'worker'),
  },
  {
    what: 'create → handler start at 500 jobs/s, fsync, p99',
    atMost: 1.1,
    unit: times,
    of: 'the best peer',
    measured: startAgainstPeers('jobstream'),
    floor: startAgainstPeers('baseline'),
  },
  {
    what: 'the same, p50',
    atMost: 2,
    unit: milliseconds,
    measured: latencyOf('jobstream', 'start', 'p50'),
    floor: latencyOf('baseline', 'start', 'p50'),
  },
  {
    what: 'the same behind 1,000,000 finished jobs, p99',
    atMost: 1.2,
    orTimesFloor: 1,
    unit: times,
    of: 'that behind 10,000',
    measured: startBehind('jobstream'),
    floor: startBehind('baseline'),
  },
  {
    what: 'create → seen completed in the table at 500 jobs/s, fsync, p99',
    atMost: 50,
    unit: milliseconds,
    measured: latencyOf('jobstream-table', 'completion', 'p99'),
    floor: latencyOf('baseline-table', 'completion', 'p99'),
  },
  {
    what: '`POST /api/jobs`, fsync',
    atLeast: 0.85,
    unit: times,
    of: 'the bare creating route',
    measured: requestShare('create', 'baseline-create'),
  },
  { what: '`POST /api/jobs/batch`, fsync, jobs/s', atLeast: 40_000, unit: whole, measured: batchRate },
  {
    what: 'the projector catches up, events of a job close together',
    atLeast: 0.85,
    unit: times,
    of: 'bare parts',
    measured: catchUpShare('concurrent'),
  },
  {
    what: 'the same, far apart',
    atLeast: 0.85,
    unit: times,
    of: 'bare parts',
    measured: catchUpShare('backlog'),
  },
  {
    what: 'bulk enqueue, fsync',
    atLeast: 0.97,
    unit: times,
    of: 'bare parts',
    measured: rateAgainst({ ...bulk, against: ['baseline'] }),
  },
  {
    what: 'the same: processor time a job',
    atMost: 17,
    onOneMachine: true,
    unit: micros,
    measured: cpuOf(bulk),
    floor: cpuOf({ ...bulk, ...ofBaseline }),
  },
  {
    what: 'single enqueue, one in flight, fsync',
    atLeast: 1,
    unit: times,
    of: 'bare parts',
    measured: rateAgainst(single),
    floor: rateAgainst({ ...single, ...ofBaseline }),
  },
];
