import type { CreateJobRequest } from '@jobstream/creation';
import type { SeededRandom } from '../../chaos/seededRandom.ts';
import type { Change } from '../processes/api.ts';
import { type SignalName, SIGNALS, type StepsOfWork, type WaitOfWork, type Work } from '../processes/work.ts';
import type { WorkersOptions } from '../processes/workers.ts';
import type { Weather } from '../world/network.ts';

/** What a client does to a job some time after it was created. */
interface PlannedChange {
  readonly afterMs: number;
  readonly change: Change;
}

/** A signal that a client sends to a job some time after it was created. */
export interface PlannedSignal {
  readonly afterMs: number;
  readonly name: SignalName;
  /** Whether two requests send it at once. */
  readonly isTwice: boolean;
}

/** A job that a client creates, and what it does to it later. */
export interface PlannedJob {
  readonly atMs: number;
  readonly request: CreateJobRequest;
  /** The idempotency key with which it is created. */
  readonly key?: string;
  /** Whether two requests with the key are sent at once, as two schedulers do for one tick. */
  readonly isTwice: boolean;
  readonly changes: readonly PlannedChange[];
  readonly signals: readonly PlannedSignal[];
}

/** Everything that a seed decides beside the order of messages. */
export interface Plan {
  readonly weather: Weather;
  readonly workers: WorkersOptions;
  readonly keepers: number;
  readonly maxAgeMs: number;
  readonly jobs: readonly PlannedJob[];
  /** When something happens to a worker. */
  readonly disturbances: readonly number[];
  /** When the server crashes, and for how long it is away. */
  readonly crashes: readonly { readonly atMs: number; readonly downMs: number }[];
  /** When a job type is paused, and for how long. */
  readonly pauses: readonly { readonly atMs: number; readonly ms: number; readonly jobType: string }[];
  /** From here on nothing goes wrong any more. */
  readonly calmAtMs: number;
}

const STORM_MS = 300_000;
const LONGEST_DOWN_MS = 15_000;
const LONGEST_PAUSE_MS = 240_000;
const LOAD_MS = 200_000;
const DELAY_MS = 240_000;
const LONG_DELAY_MS = 900_000;
const JOB_TYPES = ['mail', 'report'] as const;
const PRIORITIES = ['high', 'normal', 'low'] as const;
const MOST_STEPS = 4;
const KEYS = ['a', 'b', 'c'] as const;
/** The longest sleeps of a kind: many keep their slot, most do not. */
const NAPS_MS = [2_000, 20_000, 120_000, 600_000] as const;
const HOUR_MS = 3_600_000;
/** The timer of a job that waits is set for an hour at most. */
const LONGEST_NAP_MS = 4 * HOUR_MS;

/** The longest time limits of waits for signals. */
const LIMITS_MS = [2_000, 30_000, 300_000] as const;

/** Plans a run with this many jobs. */
export function planOf(random: SeededRandom, jobs: number): Plan {
  return {
    weather: weatherOf(random),
    workers: {
      jobTypes: JOB_TYPES,
      count: random.int(2, 4),
      concurrency: random.int(1, 4),
      ackWaitMs: random.pick([6_000, 10_000, 30_000]),
      slotWaitMs: random.pick([1_000, 2_000, 5_000]),
    },
    keepers: random.int(1, 2),
    maxAgeMs: random.pick([40_000, 60_000, 120_000, HOUR_MS, 24 * HOUR_MS]),
    jobs: Array.from({ length: jobs }, (_, index) => jobOf(random, index)),
    disturbances: Array.from({ length: random.int(0, 10) }, () => random.int(0, STORM_MS)),
    crashes: Array.from({ length: random.chance(1 / 4) ? random.int(1, 3) : 0 }, () => ({
      atMs: random.int(0, STORM_MS - LONGEST_DOWN_MS),
      downMs: random.int(100, LONGEST_DOWN_MS),
    })),
    pauses: Array.from({ length: random.chance(1 / 2) ? random.int(1, 2) : 0 }, () => ({
      atMs: random.int(0, LOAD_MS),
      ms: random.int(1_000, LONGEST_PAUSE_MS),
      jobType: random.pick(JOB_TYPES),
    })),
    calmAtMs: STORM_MS,
  };
}

/** Of four runs one has good weather: then it is the processes alone that fail. */
function weatherOf(random: SeededRandom): Weather {
  const isBad = random.chance(3 / 4);
  const worst = (most: number) => (isBad ? random.next() * most : 0);
  return {
    loss: worst(0.05),
    slow: worst(0.2),
    stuck: worst(0.02),
    doubled: worst(0.1),
    death: random.next() * 0.03,
  };
}

function jobOf(random: SeededRandom, index: number): PlannedJob {
  const isKeyed = random.chance(0.4);
  const work = workOf(random, `job-${index}`);
  return {
    atMs: random.int(0, LOAD_MS),
    request: requestOf(random, work),
    ...(isKeyed ? { key: `key-${index}` } : {}),
    isTwice: isKeyed && random.chance(0.3),
    changes: random.chance(0.6) ? changesOf(random) : [],
    signals: signalsOf(random, work.steps),
  };
}

function requestOf(random: SeededRandom, work: Work): CreateJobRequest {
  const longest = random.chance(0.05) ? LONG_DELAY_MS : DELAY_MS;
  const delayMs = random.chance(0.4) ? random.int(1, longest) : undefined;
  return {
    type: random.pick(JOB_TYPES),
    payload: { ...work, key: random.pick(KEYS) },
    maxAttempts: random.int(1, 4),
    backoff: { type: 'fixed', delayMs: random.pick([0, 1_000, 30_000]) },
    timeoutMs: random.pick([2_000, 20_000, 60_000, 1_800_000]),
    tags: [work.token],
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(random.chance(0.4) ? { priority: random.pick(PRIORITIES) } : {}),
    ...(random.chance(0.3) ? { unique: uniqueOf(random, delayMs !== undefined) } : {}),
  };
}

function uniqueOf(random: SeededRandom, isDelayed: boolean): NonNullable<CreateJobRequest['unique']> {
  const rule = random.pick([
    { while: 'unfinished' },
    { while: 'unfinished' },
    { while: 'waiting' },
    { forMs: 60_000 },
  ] as const);
  const onConflict = random.pick(isDelayed ? (['keep', 'debounce'] as const) : (['keep', 'replace'] as const));
  return { by: ['payload.key'], ...rule, onConflict };
}

function workOf(random: SeededRandom, token: string): Work {
  return {
    token,
    ms: random.pick([0, 50, 1_000, 8_000, 30_000]),
    fails: random.chance(0.4) ? random.int(1, 4) : 0,
    how: random.pick(['error', 'error', 'error', 'later', 'unrecoverable'] as const),
    isStubborn: random.chance(0.1),
    reports: random.chance(0.3) ? random.int(1, 3) : 0,
    steps: stepsOf(random),
  };
}

function stepsOf(random: SeededRandom): StepsOfWork {
  const count = random.chance(0.5) ? random.int(1, MOST_STEPS) : 0;
  return {
    count,
    ms: random.pick([0, 50, 1_000, 8_000]),
    isTogether: random.chance(0.3),
    failsAt: random.int(0, Math.max(0, count - 1)),
    isFailing: random.pick(['inside', 'before'] as const),
    tries: random.int(1, 2),
    ...napsOf(random, count),
    waits: waitsOf(random, count),
  };
}

function waitsOf(random: SeededRandom, count: number): StepsOfWork['waits'] {
  const waits = random.chance(0.5);
  return Array.from({ length: count }, () => (waits && random.chance(0.6) ? waitOf(random) : null));
}

function waitOf(random: SeededRandom): WaitOfWork {
  const signal = random.pick(SIGNALS);
  return random.chance(0.4) ? { signal } : { signal, timeoutMs: random.int(1, random.pick(LIMITS_MS)) };
}

/** Most waits get their signal at some moment before, during or after them; some do not, and others are sent that no step waits for. */
function signalsOf(random: SeededRandom, { waits }: StepsOfWork): readonly PlannedSignal[] {
  const awaited = waits.flatMap((wait) => (wait !== null && random.chance(0.8) ? [wait.signal] : []));
  const others = random.chance(awaited.length > 0 ? 0.3 : 0.05) ? [random.pick(SIGNALS), random.pick(SIGNALS)] : [];
  const spreadMs = random.pick([1_000, 20_000, 200_000]);
  return [...awaited, ...others].map((name) => ({
    afterMs: random.int(0, spreadMs),
    name,
    isTwice: random.chance(0.3),
  }));
}

function napsOf(random: SeededRandom, count: number): Pick<StepsOfWork, 'naps' | 'forgottenMs' | 'isSwallowing'> {
  const sleeps = random.chance(0.6);
  const nap = () => (sleeps && random.chance(0.7) ? random.int(1, random.pick(NAPS_MS)) : 0);
  const naps = Array.from({ length: count }, nap);
  if (count > 0 && random.chance(0.1)) naps[random.int(0, count - 1)] = random.int(HOUR_MS, LONGEST_NAP_MS);
  return {
    naps,
    forgottenMs: count > 0 && random.chance(0.1) ? random.int(1, random.pick(NAPS_MS)) : 0,
    isSwallowing: random.chance(0.1),
  };
}

/** What is done to a job may come at nearly the same time, by several API processes. */
function changesOf(random: SeededRandom): readonly PlannedChange[] {
  const beginMs = random.int(0, random.pick([2_000, 120_000]));
  const spreadMs = random.pick([50, 2_000, 60_000]);
  return Array.from({ length: random.int(1, 4) }, () => {
    const kind = random.pick(['CancelJob', 'RequeueJob', 'RequeueJob', 'RunJobNow', 'RunJobNow', 'ChangePriority']);
    const change = kind === 'ChangePriority' ? { kind, priority: random.pick(PRIORITIES) } : { kind };
    return { afterMs: beginMs + random.int(0, spreadMs), change: change as Change };
  });
}
