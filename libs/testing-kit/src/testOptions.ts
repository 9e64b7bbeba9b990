import type { NewUnique, Priority } from '@jobstream/client';
import type { HandlerRegistrar, Logger } from '@jobstream/worker';

/** What a test of handlers runs. */
export interface TestJobstreamOptions {
  /**
   * Registers the handlers, as the program of the worker does: write it once for both.
   *
   * @example
   * export const registerHandlers = (worker: HandlerRegistrar) => worker.handle(thumbnail, makeThumbnail);
   */
  readonly handlers: (worker: HandlerRegistrar) => unknown;
  /** Attempts of each job type that may run at once; default 10. */
  readonly concurrency?: number;
  /** Milliseconds after which the jobs of a crashed worker are given to another; default 10,000. */
  readonly ackWaitMs?: number;
  /**
   * Whether it runs on a real nats-server instead: the one at NATS_URL, or one that the test starts, with the program at
   * NATS_SERVER, on the PATH, or fetched as `jobstream dev` does. Time is real then, and `advance` refuses. Default: false.
   */
  readonly real?: boolean;
  /** When the clock starts; default: now. */
  readonly startAt?: string | Date;
  /** How long `drain` and `advance` wait for handlers to end, in milliseconds of real time; default 1,000. */
  readonly patienceMs?: number;
  /** Receives the log lines of the worker and its handlers; default: none. */
  readonly logger?: Logger;
}

/** When `schedule` creates jobs, and what is special to them. */
export interface ScheduleOptions {
  /** Minute, hour, day of the month, month, day of the week; or `@every 90s`, `@daily` and the others of a schedule. */
  readonly cron: string;
  /** The time zone of the cron expression; default: UTC. */
  readonly timeZone?: string;
  /** The name of the schedule; default: the job type. */
  readonly name?: string;
  readonly tags?: readonly string[];
  /** Whether the jobs start before others of their type; default `normal`. */
  readonly priority?: Priority;
  /** A tick creates no job while another one holds the key. */
  readonly unique?: NewUnique;
}

/** @throws TypeError */
export function instantOf(startAt: string | Date): number {
  const ms = new Date(startAt).getTime();
  if (!Number.isNaN(ms)) return ms;
  throw new TypeError(`expected startAt to be a time such as 2026-01-31T09:30:00Z, got: ${String(startAt)}`);
}
