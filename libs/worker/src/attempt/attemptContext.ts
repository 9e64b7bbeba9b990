import type { EventLog, Timers } from '@jobstream/eventlog';
import type { Logger } from '../handler/logger.ts';
import type { AttemptTracing } from './attemptTracing.ts';
import type { Clock } from './chain/clock.ts';
import type { HandlerRegistry } from '../handler/jobHandler.ts';
import type { DropReason, LogKeeper } from '../attemptLogs/logShipper.ts';
import type { RunBoard } from '../watchdog/runBoard.ts';
import type { CancelWatch } from './cancelWatch.ts';
import type { StepObserver } from './steps/stepTelemetry.ts';

/** What the steps of an attempt work with; one for all attempts of a worker. */
export interface AttemptContext {
  readonly eventLog: Pick<EventLog, 'append' | 'contents' | 'readJob' | 'scheduleWake'>;
  readonly cancelWatch: CancelWatch;
  readonly handlers: HandlerRegistry;
  readonly clock: Clock;
  /** For the deadlines of attempts. */
  readonly timers: Timers;
  readonly logger: Logger;
  /** Keeps what handlers write; undefined where nothing does. */
  readonly logs?: LogKeeper | undefined;
  /** Shows the runs in progress to a thread; undefined where none looks. */
  readonly board?: Pick<RunBoard, 'enter' | 'leave'> | undefined;
  readonly observer: AttemptObserver;
  readonly tracing: AttemptTracing;
  /** Names this process in the log; unique to one start of it. */
  readonly workerName: string;
  /** The release of the program, which each JobStarted has; undefined where it is not known. */
  readonly workerVersion?: string | undefined;
  readonly ackWaitMs: number;
  /** Whether the stacks of errors are recorded. */
  readonly errorStacks: boolean;
  /** A sleep of at most this many milliseconds keeps its slot. */
  readonly slotWaitMs: number;
  /** Says why nothing of a version of the protocol can be recorded yet: a process lives that would lose it. Undefined, or none, if all can. */
  readonly whyNotYet?: ((protocol: number) => Promise<string | undefined>) | undefined;
  /** Aborted when the grace time of a shutdown is over: running attempts must end now. */
  readonly closing: AbortSignal;
}

/**
 * How a run of an attempt ended in this worker. `suspended`: it goes on later. `unsettled`: the log stayed unavailable until the worker closed, or the worker
 * itself failed; the message is delivered again.
 */
export type AttemptEnd =
  'completed' | 'retried' | 'failed' | 'suspended' | 'released' | 'cancelled' | 'overtaken' | 'unsettled';

/** Is called at each step of deliveries, for metrics. Its methods must be cheap and must not throw. */
export interface AttemptObserver extends StepObserver {
  /** A message was redelivered: it was handed back, or its acknowledgement did not come in time. */
  redelivered(jobType: string): void;
  /** An attempt has begun `waitedMs` after the job could have begun; undefined if it was taken over from a lost worker. */
  started(jobType: string, waitedMs: number | undefined): void;
  /** An attempt goes on `lateMs` after its wait was over. */
  resumed(jobType: string, lateMs: number | undefined): void;
  /** The handler of an attempt has ended after `ms` milliseconds, in whatever way. */
  ran(jobType: string, ms: number): void;
  /** An attempt that had begun is over. */
  ended(jobType: string, end: AttemptEnd): void;
  /** The attempt of another worker, which has gone, is over. */
  lost(jobType: string): void;
  /** Lines of handlers were not kept. */
  logLinesDropped(jobType: string, lines: number, reason: DropReason): void;
}

export const silentObserver: AttemptObserver = {
  redelivered: () => undefined,
  started: () => undefined,
  resumed: () => undefined,
  ran: () => undefined,
  stepEnded: () => undefined,
  ended: () => undefined,
  lost: () => undefined,
  logLinesDropped: () => undefined,
};
