import type { EventLog, Job } from '@jobstream/worker/test-engine';
import type { CrashPoint } from './crashableLog.ts';
import type { KeptLines } from './keptLines.ts';
import type { Ticks } from './ticks.ts';

/** The event log as a test uses it. */
type TestLog = Pick<EventLog, 'append' | 'readJob' | 'readHistory' | 'scheduleWake' | 'wakeNow'>;

/** What a test runs on: a log, and a worker of its handlers that works when it is told to. */
export interface TestSystem {
  readonly log: TestLog;
  readonly lines: KeptLines;
  /** The time of the log, in milliseconds since 1970. */
  now(): number;
  /** Makes sure that the worker gets jobs of a type that are given this priority. */
  openLane(jobType: string, priority: NonNullable<Job['priority']>): Promise<void>;
  /** Runs these jobs if they are due, and what they lead to, until nothing is due. */
  drain(jobs: readonly string[]): Promise<void>;
  /** Moves the time, and runs what becomes due on the way. */
  advance(ms: number): Promise<void>;
  /** Calls back at each tick that the time is moved past. @throws Error when no test can move the time. */
  onTick(ticks: Ticks, create: () => Promise<void>): void;
  /** Crashes the worker the next time that it is at this point, and has another take its place. */
  crashAt(point: CrashPoint): void;
  stop(): Promise<void>;
}
