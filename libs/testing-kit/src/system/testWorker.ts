import {
  AttemptRunner,
  systemClock,
  type AttemptRunnerOptions,
  type RegisteredHandlers,
} from '@jobstream/worker/test-engine';
import { CrashableLog, type CrashPoint, type WorkerLog } from './crashableLog.ts';

/** What all workers of a test have in common. */
export interface WorkerSettings {
  readonly handlers: RegisteredHandlers;
  readonly logger: AttemptRunnerOptions['logger'];
  readonly concurrency: number;
  readonly ackWaitMs: number;
}

interface TestWorkerOptions extends WorkerSettings {
  readonly name: string;
  readonly log: WorkerLog;
  readonly logs: NonNullable<AttemptRunnerOptions['logs']>;
  readonly time: { now(): number };
  readonly timers?: NonNullable<AttemptRunnerOptions['timers']>;
  readonly crashesAt: (point: CrashPoint) => boolean;
  readonly onCrash: () => void;
}

/** Makes a worker as `createWorker` does, on the event log of a test, where it can crash. Delays have no jitter. */
export function testWorker({
  handlers,
  name,
  log,
  time,
  crashesAt,
  onCrash,
  ...options
}: TestWorkerOptions): AttemptRunner {
  return new AttemptRunner({
    ...options,
    eventLog: new CrashableLog({ log, crashesAt, onCrash }),
    handlers: handlers.registry(),
    limits: handlers.limits,
    workerName: name,
    clock: { ...systemClock(time), random: () => 0 },
    shutdownGraceMs: 0,
  });
}
